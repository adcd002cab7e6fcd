package core

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// User is a person who can sign in.
type User struct {
	ID           string
	Email        string // lower case, unique
	Name         string
	PasswordHash string // argon2id in PHC notation
	Operator     bool
	Support      bool   // of the support staff
	Language     string // BCP 47, "" follows the browser
	Theme        string // "light", "dark", "" follows the system
	CreatedAt    time.Time
}

// MinPassword is the least number of characters of a password.
const MinPassword = 12

// NormalizeEmail returns the form in which an email is stored and compared.
func NormalizeEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Validate reports every fault of u. Errors: EINVALID.
func (u User) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", u.Name))
	if a, err := mail.ParseAddress(u.Email); err != nil || a.Address != u.Email || len(u.Email) > 254 {
		f.Add("email", "error.email_malformed")
	}
	return f.Err()
}

// ValidatePassword checks a new password's length: 12 to 256 characters. Errors: EINVALID at "password".
func ValidatePassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return Invalid("password", "error.password_short", "length", itoa(n), "min", itoa(MinPassword))
	case n > 256:
		return Invalid("password", "error.password_long", "max", "256")
	}
	return nil
}

// UserStore keeps people. It is unscoped: only the use cases of signing in and of operators call it.
type UserStore interface {
	// Create adds u. Errors: ECONFLICT at "email" when it is taken.
	Create(ctx context.Context, u User) error
	// Get returns a person by id. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (User, error)
	// ByEmail returns a person by normalized email. Errors: ENOTFOUND.
	ByEmail(ctx context.Context, email string) (User, error)
	// Update overwrites name, password hash, operator, support, language and theme. Errors: ENOTFOUND.
	Update(ctx context.Context, u User) error
	// Count returns how many people there are; 0 means that Berth is not set up.
	Count(ctx context.Context) (int, error)
}
