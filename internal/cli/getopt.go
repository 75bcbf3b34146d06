package cli

import (
	"fmt"
	"strings"
)

// option is one option as getopt delivers it. A wrong one has the letter '?' and the message
// that the C library prints as its value.
type option struct {
	letter byte
	value  string
}

// getopt reads args as the C library does: options may be bundled (-mv), may carry their
// argument attached (-pNAME), may follow operands, and end at "--". spec is getopt's string:
// letters, a colon after those that take an argument.
func getopt(program string, args []string, spec string) (options []option, operands []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return options, append(operands, args[i+1:]...)
		}
		if len(arg) < 2 || arg[0] != '-' {
			operands = append(operands, arg)
			continue
		}
		for j := 1; j < len(arg); j++ {
			at := strings.IndexByte(spec, arg[j])
			switch {
			case at < 0 || arg[j] == ':':
				msg := fmt.Sprintf("%s: invalid option -- '%c'", program, arg[j])
				options = append(options, option{'?', msg})
				continue
			case at+1 == len(spec) || spec[at+1] != ':':
				options = append(options, option{arg[j], ""})
				continue
			case j+1 < len(arg):
				options = append(options, option{arg[j], arg[j+1:]})
			case i+1 < len(args):
				i++
				options = append(options, option{arg[j], args[i]})
			default:
				msg := fmt.Sprintf("%s: option requires an argument -- '%c'", program, arg[j])
				options = append(options, option{'?', msg})
			}
			break
		}
	}
	return options, operands
}
