#!/bin/sh
# The demonstration's service: a real HTTP server on the virtual address.
pidfile=/run/web.pid

running() {
	[ -s $pidfile ] && kill -0 "$(cat $pidfile)" 2>/dev/null
}

case $1 in
start)
	running && exit 0
	rm -f $pidfile
	setsid /opt/lab/lab @lab serve 10.77.0.100:80 $pidfile </dev/null >/run/web.log 2>&1 &
	server=$!
	until running; do
		if ! kill -0 $server 2>/dev/null; then
			cat /run/web.log
			exit 1
		fi
		sleep 0.02
	done
	;;
stop)
	running || exit 0
	kill "$(cat $pidfile)"
	while running; do sleep 0.02; done
	rm -f $pidfile
	;;
status)
	if running; then
		echo "web is running"
	else
		echo "web is stopped"
		exit 3
	fi
	;;
*)
	echo "usage: web start|stop|status" >&2
	exit 1
	;;
esac
