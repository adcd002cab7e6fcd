#compdef berth
# Completion of berth for zsh. Once: source <(berth completion zsh). For good: put that line into ~/.zshrc, behind compinit.
_berth() {
	local -a lines candidates
	lines=("${(@f)$(berth __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	local line
	for line in "${lines[@]}"; do
		[[ -n $line ]] && candidates+=("${${line//:/\\:}/$'\t'/:}")
	done
	if (( ${#candidates} )); then
		_describe berth candidates
	else
		_files
	fi
}
compdef _berth berth
