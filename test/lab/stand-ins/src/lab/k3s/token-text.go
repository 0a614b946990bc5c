package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// secretOf takes a token apart: `K10<hash of the CA>::<user>:<password>`, or a password alone.
func secretOf(token string) (hash, user, password string, err error) {
	token = strings.TrimSpace(token)
	if token == "" {
		return "", "", "", fmt.Errorf("--token is required")
	}
	if !strings.HasPrefix(token, "K10") {
		return "", "", token, nil
	}
	hash, rest, found := strings.Cut(strings.TrimPrefix(token, "K10"), "::")
	if !found || len(hash) != 64 {
		return "", "", "", fmt.Errorf("invalid token format")
	}
	if id, secret, isBootstrap := strings.Cut(rest, "."); isBootstrap && len(id) == 6 && len(secret) == 16 {
		return hash, "", rest, nil
	}
	if user, password, found = strings.Cut(rest, ":"); !found || password == "" {
		return "", "", "", fmt.Errorf("invalid token format")
	}
	return hash, user, password, nil
}

func hashOf(authority []byte) string {
	sum := sha256.Sum256(authority)
	return hex.EncodeToString(sum[:])
}

// fullToken is what token files hold.
func fullToken(authority []byte, user, password string) string {
	return fmt.Sprintf("K10%s::%s:%s\n", hashOf(authority), user, password)
}
