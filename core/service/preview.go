package service

import (
	"golang.org/x/crypto/bcrypt"

	"berth/core"
)

// previewCost makes a comparison take about 60 ms. It is bcrypt and not argon2id, of which each takes 64 MiB: the
// gateway compares what anybody sends.
const previewCost = 10

// HashPreviewPassword returns the hash of a password for core.BasicUser.
func HashPreviewPassword(password string) string {
	hash, err := bcrypt.GenerateFromPassword(core.PreviewKey([]byte(password)), previewCost)
	if err != nil {
		panic(err) // a key always has a hash
	}
	return string(hash)
}
