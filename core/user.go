package core

import (
	"context"
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

// ProfileUpdate is what a person changes about themselves; nil leaves as it is.
type ProfileUpdate struct {
	Name, Language, Theme *string
}

// Apply changes u.
func (in ProfileUpdate) Apply(u *User) {
	set := func(field *string, value *string) {
		if value != nil {
			*field = *value
		}
	}
	set(&u.Name, in.Name)
	set(&u.Language, in.Language)
	set(&u.Theme, in.Theme)
}

// SignedIn is what a right password leads to: a person, or with two-factor on a ticket for the second step.
type SignedIn struct {
	User   User
	Ticket string // "" when no second step is to come
}

// MinPassword is the least number of characters of a password.
const MinPassword = 12

// NormalizeEmail returns the form in which an email is stored and compared.
func NormalizeEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Validate reports every fault of u. Errors: EINVALID.
func (u User) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", u.Name))
	f.Merge("", ValidateEmail(u.Email))
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
	// Operators returns the ids of the operators. In a transaction nobody becomes one or ceases to be one until it ends.
	Operators(ctx context.Context) ([]string, error)
	// List returns a page of people by name with the tenants they are in, and the cursor of the next one, "" at the end.
	// Errors: EINVALID at "cursor".
	List(ctx context.Context, f UserFilter) (people []Person, next string, err error)
	// Delete removes a person with their memberships, sessions and own tokens. Errors: ENOTFOUND.
	Delete(ctx context.Context, id string) error
}

// UserFilter narrows a list of people. The zero value takes everybody.
type UserFilter struct {
	Search string // part of the name or the email
	Cursor string // from the previous page
	Limit  int    // 1 to 100; 0 means 100
}

// Person is somebody on the operator's list. Their password hash is left out.
type Person struct {
	User    User
	Tenants []Tenancy
}

// Tenancy is a tenant that a person is in, with their role.
type Tenancy struct {
	Tenant Tenant
	Role   Role
}

// PersonEstate is what goes with a person, and what keeps them.
type PersonEstate struct {
	User     User
	Tenants  []Tenancy // memberships that end
	Goes     []Tenant  // of these, the ones that nobody else is in and that have no app: they go too
	Held     []Tenant  // tenants whose last admin they are, with other members or apps; nobody with such can be deleted
	Last     bool      // the last operator, who cannot be deleted
	Sessions int
	Tokens   int
}

// Registration is what somebody says who makes an account by themselves.
type Registration struct {
	Name     string
	Email    string
	Password string
	Team     string // name of their tenant
}
