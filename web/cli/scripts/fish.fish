# Completion of berth for fish. Once: berth completion fish | source. For good: berth completion fish > ~/.config/fish/completions/berth.fish
function __berth_complete
    set -l words (commandline -opc) (commandline -ct)
    berth __complete $words[2..-1] 2>/dev/null
end
function __berth_has_candidates
    test (count (__berth_complete)) -gt 0
end
complete -c berth -n __berth_has_candidates -f -a '(__berth_complete)'
