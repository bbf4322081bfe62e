#!/usr/bin/env bash
# The step of action.yml that runs the update: arguments come one a line in INPUT_ARGUMENTS, the report and the
# exit status go to the step's outputs. It does not fail itself: changes of the images that went well are proposed.
# A job's log is opened to see what changed or failed, hence --log changes; an argument --log=all goes over it.
set -euo pipefail

arguments=()
while IFS= read -r line; do
  [ -z "$line" ] || arguments+=("$line")
done <<<"${INPUT_ARGUMENTS:-}"

report=$RUNNER_TEMP/image-updater-report.json
status=0
"$GITHUB_ACTION_PATH/bin/image-updater" update --log changes "${arguments[@]}" --report "$report" || status=$?
echo "status=$status" >>"$GITHUB_OUTPUT"
[ ! -e "$report" ] || echo "report=$report" >>"$GITHUB_OUTPUT"
