export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export function isShell(text: string): text is Shell {
  return (shells as readonly string[]).includes(text)
}

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

/** The few lines that make a shell ask \`image-updater __complete\`. */
export function script(shell: Shell): string {
  return { bash, zsh, fish }[shell]
}
