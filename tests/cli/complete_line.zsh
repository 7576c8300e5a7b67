# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# complete_line.zsh FUNCTIONS LINE...: prints what each LINE becomes by one tabulator in an interactive zsh.
zmodload zsh/zpty
TERM=dumb zpty -b shell zsh -f -i
# A widget shows the line between marks, so that nothing has to be read off a terminal.
zpty -w shell "PS1=; setopt no_list_beep no_beep; fpath=(${(q)1} \$fpath); autoload -Uz compinit && compinit -D -u"
zpty -w shell 'told() { zle complete-word; print -rn -- "<<<$BUFFER>>>"; BUFFER= }; zle -N told; bindkey "^T" told'
zpty -w shell 'echo re""ady'
zpty -r -m shell out '*ready*' || exit 1
shift
for line; do
  zpty -w -n shell "$line"$'\x14'
  zpty -r -m shell out '*<<<*>>>*' || exit 1
  out=${out##*<<<}
  print -r -- "${out%%>>>*}"
done
zpty -d shell
