// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A shell's completions, for the documented form too, in which `watch` is left out.
///
/// The parser's own scripts complete the options of a command that is named. Each has a function for `watch` and one for
/// `read`: here one of them is called also when an option is typed where a command would stand, `read` after a `-r`.
struct CompletionScript {
  let text: String

  /// The script that these arguments ask for; nil when they ask for something else.
  init?(for arguments: [String]) {
    let name = "--generate-completion-script"
    let value: String
    switch arguments.count {
    case 2 where arguments[0] == name: value = arguments[1]
    case 1 where arguments[0].hasPrefix(name + "="): value = String(arguments[0].dropFirst(name.count + 1))
    default: return nil
    }
    guard let shell = CompletionShell(rawValue: value) else { return nil }
    let script = Wiretally.completionScript(for: shell)
    guard let patch = Self.patches[value], let range = script.firstRange(of: patch.anchor) else {
      text = script
      return
    }
    text = script[..<range.upperBound] + patch.addition + script[range.upperBound...]
  }

  /// For each shell, a line of the root command's function, and what follows it.
  private static let patches: [String: (anchor: String, addition: String)] = [
    "bash": (
      """
          local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

      """,
      """
          if [[ "${unparsed_words[0]}" = -* ]]; then
              local first_command=watch index
              for index in "${!unparsed_words[@]}"; do
                  [[ "${unparsed_words[index]}" = -r && "${index}" -lt $((${#unparsed_words[@]} - 1)) ]] || continue
                  first_command=read
                  unset "unparsed_words[index]"
                  unparsed_words=("${unparsed_words[@]}")
                  break
              done
              local -a repeating_flags non_repeating_flags repeating_options non_repeating_options
              "_wiretally_${first_command}"
              return
          fi

      """
    ),
    "zsh": (
      """
          local -ir current_word_index="$((CURRENT - 1))"

      """,
      """
          if [[ "${words[2]}" == -* ]]; then
              local -i place="${words[(i)-r]}"
              if (( place < CURRENT )); then
                  words[place]=()
                  CURRENT=$((CURRENT - 1))
                  _wiretally_read
              else
                  _wiretally_watch
              fi
              return
          fi

      """
    ),
    "fish": (
      """
          set -l unparsed_tokens (__wiretally_tokens -pc)

      """,
      """
          set -l typed $unparsed_tokens (commandline -t)
          if test (count $typed) -gt 1; and string match -q -- '-*' $typed[2]
              set -l command $unparsed_tokens[1]
              set -e unparsed_tokens[1]
              set -l first watch
              if set -l place (contains -i -- -r $unparsed_tokens)
                  set -e unparsed_tokens[$place]
                  set first read
              end
              set unparsed_tokens $command $first $unparsed_tokens
          end

      """
    ),
  ]
}
