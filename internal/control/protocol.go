package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// DefaultPath is where the daemon listens.
const DefaultPath = "/run/heartbeat/control"

// maxRequest is the longest request in bytes, its newline included.
const maxRequest = 4096

type request struct {
	Command string `json:"command"`         // status, standby, takeover, replace, stop
	Which   string `json:"which,omitempty"` // standby and takeover: all, local, foreign, failback
}

type answer struct {
	OK     bool    `json:"ok"`
	Status *Status `json:"status,omitempty"`
	Error  string  `json:"error,omitempty"`
	Hint   string  `json:"hint,omitempty"`
}

// Refusal is an error with advice: what a Handler returns when the operator can do something
// about it, and what the client functions return when the daemon said no.
type Refusal struct {
	Reason string
	Hint   string // may be empty
}

func (r *Refusal) Error() string { return r.Reason }

// parseRequest reads one line. The errors are texts for the client.
func parseRequest(line []byte) (request, error) {
	var r request
	if err := json.Unmarshal(bytes.TrimSpace(line), &r); err != nil {
		return r, fmt.Errorf("the request is not one line of JSON: %w", err)
	}
	switch r.Command {
	case "status", "replace", "stop":
		return r, nil
	case "standby", "takeover":
		if !ValidWhich(r.Which) {
			return r, fmt.Errorf("%s: want all, local, foreign or failback, got %.40q", r.Command, r.Which)
		}
		return r, nil
	case "":
		return r, errors.New(`the request names no "command"`)
	}
	return r, fmt.Errorf("unknown command %.40q", r.Command)
}

// ValidWhich tells whether word is one that standby and takeover understand.
func ValidWhich(word string) bool {
	switch word {
	case "all", "local", "foreign", "failback":
		return true
	}
	return false
}

func refuse(err error) answer {
	a := answer{Error: err.Error()}
	var r *Refusal
	if errors.As(err, &r) {
		a.Hint = r.Hint
	}
	return a
}
