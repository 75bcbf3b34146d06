package halog

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// facilities are the names logfacility takes. None and kern are missing on purpose: both have
// number 0 for 3.0.6, which means no syslog.
var facilities = map[string]int{
	"user": 1, "mail": 2, "daemon": 3, "auth": 4, "security": 4, "syslog": 5, "lpr": 6, "news": 7,
	"uucp": 8, "cron": 9, "authpriv": 10, "ftp": 11,
	"local0": 16, "local1": 17, "local2": 18, "local3": 19,
	"local4": 20, "local5": 21, "local6": 22, "local7": 23,
}

// syslog is the local syslog daemon's socket.
type syslog struct {
	path    string
	tune    tuning
	conn    net.Conn
	stream  bool // frames need an end mark
	failure error
	retry   time.Time
}

func newSyslog(path string, t tuning) *syslog { return &syslog{path: path, tune: t} }

func (s *syslog) name() string { return "syslog: " + s.path }

// write sends one datagram. The syslog daemon may have been restarted since the last one, so a
// failure is tried once more with a fresh socket.
func (s *syslog) write(line []byte) error {
	had := s.conn != nil
	err := s.send(line)
	if err == nil || !had || errors.Is(err, syscall.EMSGSIZE) || isTimeout(err) {
		return err
	}
	return s.send(line)
}

func (s *syslog) send(line []byte) error {
	if s.conn == nil {
		if err := s.dial(time.Now()); err != nil {
			return err
		}
	}
	if s.stream {
		line = append(line[:len(line):len(line)], 0)
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.tune.send))
	if _, err := s.conn.Write(line); err != nil {
		s.close()
		return fmt.Errorf("syslog: %w", err)
	}
	return nil
}

func (s *syslog) dial(now time.Time) error {
	if s.failure != nil && now.Before(s.retry) {
		return s.failure
	}
	conn, err := net.DialTimeout("unixgram", s.path, s.tune.send)
	if errors.Is(err, syscall.EPROTOTYPE) {
		conn, err = net.DialTimeout("unix", s.path, s.tune.send)
		s.stream = true
	} else {
		s.stream = false
	}
	if err != nil {
		s.failure = fmt.Errorf("syslog: %w", err)
		s.retry = now.Add(s.tune.retry)
		return s.failure
	}
	s.conn, s.failure = conn, nil
	return nil
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func (s *syslog) refresh(time.Time, bool) bool { return false }
func (s *syslog) reopen()                      { s.close(); s.retry = time.Time{} }

func (s *syslog) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.conn = nil
}
