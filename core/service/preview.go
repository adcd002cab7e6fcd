package service

import (
	"crypto/rand"

	"golang.org/x/crypto/argon2"
)

// HashPreviewPassword returns the hash of a password of core.BasicUser, in PHC notation.
func HashPreviewPassword(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	return phc(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey))
}
