package cli

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"heartbeatd/internal/control"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadmeQuotesTheProgram(t *testing.T) {
	readme := read(t, "../../README.md")
	for name, text := range map[string]string{
		"the usage":  usageText,
		"the status": read(t, "testdata/status/busy.golden"),
	} {
		if !strings.Contains(readme, "```\n"+text+"```\n") {
			t.Errorf("README.md does not quote %s as it is now", name)
		}
	}
	if !strings.HasPrefix(readme, "# heartbeatd\n\n    make demo ") {
		t.Error("README.md does not open with the two commands")
	}
}

// Every flag of every command, and every option letter of heartbeat, is in the man page.
func TestManPageKnowsEveryFlag(t *testing.T) {
	page := read(t, "../../docs/man/heartbeatd.8")
	commands := map[string]func([]string, io.Reader, io.Writer, io.Writer) int{
		"status": statusCommand, "standby": standbyCommand, "takeover": takeoverCommand, "version": versionCommand,
		"check": checkCommand, "decode": decodeCommand, "address": addressCommand, "message": messageCommand,
	}
	found := 0
	for name, command := range commands {
		var out, errs bytes.Buffer
		if code := command([]string{"--help"}, nil, &out, &errs); code != 0 || errs.Len() > 0 {
			t.Errorf("%s --help: exit %d, %s", name, code, &errs)
		}
		if !strings.HasPrefix(out.String(), "Usage: heartbeatd "+name) {
			t.Errorf("%s --help begins with %.40q", name, out.String())
		}
		if !strings.Contains(page, "\n.Cm "+name) && !strings.Contains(page, " | "+name) {
			t.Errorf("heartbeatd(8) does not know the command %s", name)
		}
		for _, m := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`).FindAllStringSubmatch(out.String(), -1) {
			found++
			if !strings.Contains(page, "Fl -"+m[1]) {
				t.Errorf("heartbeatd(8) does not know --%s of %s", m[1], name)
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d flags found in the help texts", found)
	}
	for _, letter := range "dDkMrRsvWlCVf" {
		if !regexp.MustCompile(`(?m)^\.It Fl ` + string(letter) + `\b`).MatchString(page) {
			t.Errorf("heartbeatd(8) does not explain heartbeat -%c", letter)
		}
	}
	for name := range clSubcommands {
		if name != "test" && !regexp.MustCompile(`\b`+name+`\b`).MatchString(page) {
			t.Errorf("heartbeatd(8) does not name cl_status %s", name)
		}
	}
}

// Every field of status --json is in the man page, which promises its shape.
func TestManPageKnowsEveryField(t *testing.T) {
	page := read(t, "../../docs/man/heartbeatd.8")
	_, page, _ = strings.Cut(page, "\n.Sh STATUS AS JSON\n")
	page, _, ok := strings.Cut(page, "\n.Sh ")
	if !ok {
		t.Fatal("heartbeatd(8) has no section STATUS AS JSON")
	}
	found := 0
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() != reflect.TypeFor[control.Status]().PkgPath() {
			return
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			found++
			if !regexp.MustCompile(`(?m)^\.(It )?Li (.* )?` + name + `\b`).MatchString(page) {
				t.Errorf("heartbeatd(8) does not know the field %s of %s", name, typ.Name())
			}
			look(typ.Field(i).Type)
		}
	}
	look(reflect.TypeFor[control.Status]())
	if found < 40 {
		t.Errorf("only %d fields found", found)
	}
}

// The programs that have a page of their own: it is called as they are, and points to the rest.
func TestManPagesOfThePrograms(t *testing.T) {
	all := read(t, "../../docs/man/heartbeatd.8")
	for _, name := range []string{"cl_status", "hb_standby", "hb_takeover"} {
		page := read(t, "../../docs/man/"+name+".1")
		if !strings.Contains(page, "\n.Dt "+strings.ToUpper(name)+" 1\n") || !strings.Contains(page, "\n.Xr heartbeatd 8") ||
			!strings.Contains(all, "\n.Xr "+name+" 1 ") {
			t.Errorf("%s(1) and heartbeatd(8) do not know each other", name)
		}
	}
	page := read(t, "../../docs/man/cl_status.1")
	for name := range clSubcommands {
		if name != "test" && !regexp.MustCompile(`\n\.It Cm (.* )?`+name+`\b`).MatchString(page) {
			t.Errorf("cl_status(1) does not name %s", name)
		}
	}
}
