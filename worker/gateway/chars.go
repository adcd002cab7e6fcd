package gateway

// tokenChars may stand in a method and in the name of a field (RFC 9110, 5.6.2).
var tokenChars = charTable(func(c byte) bool {
	const marks = "!#$%&'*+-.^_`|~"
	return isAlphanumeric(c) || contains(marks, c)
})

// valueChars may stand in the value of a field: no control characters but the tab.
var valueChars = charTable(func(c byte) bool { return c >= ' ' && c != 0x7f || c == '\t' })

// targetChars may stand in the target of a request: visible ones. Bytes above ASCII pass, as browsers of old send them.
var targetChars = charTable(func(c byte) bool { return c > ' ' && c != 0x7f })

func charTable(is func(byte) bool) (t [256]bool) {
	for c := range t {
		t[c] = is(byte(c))
	}
	return t
}

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }
func isDigit(c byte) bool        { return '0' <= c && c <= '9' }
func isLetter(c byte) bool       { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func contains(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
