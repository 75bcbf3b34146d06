#!/bin/sh
# A resource that does nothing but record, in a file all hosts share, when it was started and stopped
# where. Called as any resource script: [ARGUMENTS] start|stop|status.
name=${0##*/}
for action; do :; done
held=/run/lab.$name
fault=/run/fault.$name.$action
read -r host </proc/sys/kernel/hostname

record() { echo "$(date +%s%N) $host $name $1 $$" >>/lab/calls; }

# A file appears when somebody wants this action to misbehave, and goes when it is to be good again.
hang() { while [ -e "$fault.hangs" ]; do sleep 0.1; done; }
fail() {
	[ -e "$fault.fails" ] || return 0
	echo "$name: cannot $action: told to fail"
	record "$1"
	exit 1
}

case $action in
start)
	record start
	hang
	[ -e /etc/lab.take ] && sleep "$(cat /etc/lab.take)"
	fail start-failed
	: >"$held"
	record started
	;;
stop)
	record stop
	hang
	[ -e /etc/lab.take ] && sleep "$(cat /etc/lab.take)"
	fail stop-failed
	rm -f "$held"
	record stopped
	;;
status)
	hang
	if [ -e "$fault.lies" ]; then
		record lied
		if [ -e "$held" ]; then
			echo "$name is stopped"
			exit 3
		fi
		echo "$name is running"
	elif [ -e "$held" ]; then
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
