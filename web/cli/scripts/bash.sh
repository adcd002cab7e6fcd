# Completion of berth for bash. Once: source <(berth completion bash). For good: put that line into ~/.bashrc.
_berth() {
	local candidate
	COMPREPLY=()
	while IFS= read -r candidate; do
		COMPREPLY+=("${candidate%%$'\t'*}")
	done < <(berth __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _berth berth
