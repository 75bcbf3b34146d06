#!/bin/sh
# A resource that does nothing but record, in a file all hosts share, when it was started and
# stopped where. Called as any resource script: [ARGUMENTS] start|stop|status.
name=${0##*/}
for action; do :; done
held=/run/lab.$name
fault=/var/lib/$name

record() {
	printf '%s %s %s %s\n' "$(date +%s%N)" "$(uname -n)" "$name" "$1" >>/lab/events
}

case $action in
start)
	record start
	if [ -e "$fault.start-hangs" ]; then
		echo "waiting for $fault.start-hangs to go"
		while [ -e "$fault.start-hangs" ]; do sleep 0.05; done
	fi
	if [ -e "$fault.start-fails" ]; then
		echo "$name: cannot start: $fault.start-fails exists"
		exit 1
	fi
	: >"$held"
	record started
	;;
stop)
	record stop
	if [ -e "$fault.stop-fails" ]; then
		echo "$name: cannot stop: $fault.stop-fails exists"
		exit 1
	fi
	rm -f "$held"
	record stopped
	;;
status)
	if [ -e "$held" ]; then
		echo "$name is running"
	else
		echo "$name is stopped"
		exit 3
	fi
	;;
*)
	echo "usage: $name start|stop|status" >&2
	exit 1
	;;
esac
