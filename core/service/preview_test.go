package service

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"berth/core"
)

func TestPreviewPasswordsAreHashedAsRulesTakeThem(t *testing.T) {
	for _, password := range []string{"correct horse", "", strings.Repeat("x", maxPreviewPassword)} {
		hash := HashPreviewPassword(password)
		if err := bcrypt.CompareHashAndPassword([]byte(hash), core.PreviewKey([]byte(password))); err != nil {
			t.Fatalf("%q, %v", hash, err)
		}
		if err := (core.Rules{Auth: []core.BasicUser{{Name: "ann", Hash: hash}}}).Validate(); err != nil {
			t.Error(err)
		}
	}
}
