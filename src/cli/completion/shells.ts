import { isAbsolute, join } from 'node:path'
import { homeFolder } from '../../cache-folder.ts'

const bash = `# bash completion of image-updater
_image_updater() {
  local kind line word=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  [[ $word == '=' ]] && word=
  while IFS= read -r line; do
    if [[ -z \${kind-} ]]; then
      kind=$line
    else
      line=\${line%%$'\\t'*}
      [[ $word == [\\"\\']* ]] || printf -v line %q "$line"
      COMPREPLY+=("$line")
    fi
  done < <("$1" __complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case \${kind-} in
    files | directories)
      compopt -o filenames 2>/dev/null
      local action=-f
      [[ $kind == directories ]] && action=-d
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$action" -- "$word")
      ;;
  esac
}
complete -F _image_updater image-updater
`

const zsh = `#compdef image-updater
# zsh completion of image-updater
_image_updater() {
  local line
  local -a lines values shown
  lines=("\${(@f)$("\${words[1]}" __complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ $PREFIX == --*=* ]] && compset -P '*='
  case \${lines[1]} in
    files) _files ;;
    directories) _files -/ ;;
    values)
      for line in "\${(@)lines[2,-1]}"; do
        values+=("\${line%%$'\\t'*}")
        shown+=("\${line/$'\\t'/  -- }")
      done
      (( \${#values} )) && compadd -l -d shown -a values
      ;;
  esac
}
if [[ \${funcstack[1]} == _image_updater ]]; then
  _image_updater "$@"
else
  compdef _image_updater image-updater
fi
`

const fish = `# fish completion of image-updater
function __image_updater_complete
    set -l typed (commandline -opc)
    set -l word (commandline -ct)
    set -l lines ($typed[1] __complete fish -- $typed[2..] "$word" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$word"
        case directories
            __fish_complete_directories "$word"
        case values
            printf '%s\\n' $lines[2..]
    end
end
complete -c image-updater -f -a '(__image_updater_complete)'
`

/**
 * For each shell the few lines that make it ask `image-updater __complete`, the user's place for them, and what to
 * do so that they work.
 */
export const shells = {
  bash: {
    script: bash,
    path: () => place('XDG_DATA_HOME', '.local/share', 'bash-completion/completions/image-updater'),
    hint: 'It works in new shells where the bash-completion package is loaded; else add to ~/.bashrc: eval "$(image-updater --show-completion bash)"',
  },
  zsh: {
    script: zsh,
    path: () => place('', '.zfunc', '_image-updater'),
    hint: 'It works in new shells once ~/.zshrc has, before compinit: fpath=(~/.zfunc $fpath); autoload -Uz compinit && compinit',
  },
  fish: {
    script: fish,
    path: () => place('XDG_CONFIG_HOME', '.config', 'fish/completions/image-updater.fish'),
    hint: 'It works in new shells',
  },
}

export type Shell = keyof typeof shells

export function isShell(text: string): text is Shell {
  return Object.hasOwn(shells, text)
}

/**
 * A file in a folder of the XDG base directory specification, of which a relative one is ignored, by default in one of
 * the home folder.
 * @returns undefined if the user has neither
 */
function place(variable: string, fallback: string, file: string): string | undefined {
  const folder = process.env[variable] ?? ''
  const home = homeFolder()
  return isAbsolute(folder) ? join(folder, file) : home && join(home, fallback, file)
}
