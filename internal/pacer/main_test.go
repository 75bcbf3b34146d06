package pacer

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Entry() // the pacer under test is this very program
	os.Exit(m.Run())
}
