# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_coracle_global_optspecs
    string join \n v/version root= runroot= storage-driver= storage-opt= runtime= runtime-flag= out= noout log-level= cgroup-manager= events-backend= module= tmpdir= volumepath= network-config-dir= hooks-dir= cdi-spec-dir= imagestore= transient-store syslog conmon= network-cmd-path= default-mounts-file= r/remote url= c/connection= identity= ssh= h/help
end

function __fish_coracle_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_coracle_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_coracle_using_subcommand
    set -l cmd (__fish_coracle_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c coracle -n "__fish_coracle_needs_command" -l root -d 'The folder that holds images and containers, in the place of the one that storage.conf or XDG_DATA_HOME says' -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l runroot -d 'The folder for what lives until the next boot' -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l storage-driver -d 'How layers are stacked: overlay, or vfs for whole copies; without it, by trying' -r
complete -c coracle -n "__fish_coracle_needs_command" -l storage-opt -d 'overlay.mount_program=PATH: a program that stacks layers in the kernel\'s place' -r
complete -c coracle -n "__fish_coracle_needs_command" -l runtime -d 'Make new containers with this OCI runtime (crun, runc), a name or a path, in the place of the built-in one' -r
complete -c coracle -n "__fish_coracle_needs_command" -l runtime-flag -d 'Give the runtime this option, without its dashes' -r
complete -c coracle -n "__fish_coracle_needs_command" -l out -d 'Write to this file what would go to standard output' -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l log-level -d 'trace, debug, info, warn, error, fatal or panic; without effect: what goes wrong is always said on standard error, and nothing else' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
warning\t''
error\t''
fatal\t''
panic\t''"
complete -c coracle -n "__fish_coracle_needs_command" -l cgroup-manager -d 'systemd or cgroupfs; without effect: a cgroup that was delegated is used, else systemd is asked for one' -r -f -a "systemd\t''
cgroupfs\t''"
complete -c coracle -n "__fish_coracle_needs_command" -l events-backend -d 'Where events are kept: file is the only one' -r
complete -c coracle -n "__fish_coracle_needs_command" -l module -d 'Read this module of containers.conf, too: a file of a folder containers.conf.modules, or an absolute path' -r
complete -c coracle -n "__fish_coracle_needs_command" -l tmpdir -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l volumepath -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l network-config-dir -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l hooks-dir -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l cdi-spec-dir -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l imagestore -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l conmon -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l network-cmd-path -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l default-mounts-file -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l url -r
complete -c coracle -n "__fish_coracle_needs_command" -s c -l connection -r
complete -c coracle -n "__fish_coracle_needs_command" -l identity -r -F
complete -c coracle -n "__fish_coracle_needs_command" -l ssh -r
complete -c coracle -n "__fish_coracle_needs_command" -s v -l version -d 'Print version'
complete -c coracle -n "__fish_coracle_needs_command" -l noout -d 'Write nothing to standard output'
complete -c coracle -n "__fish_coracle_needs_command" -l transient-store
complete -c coracle -n "__fish_coracle_needs_command" -l syslog
complete -c coracle -n "__fish_coracle_needs_command" -s r -l remote
complete -c coracle -n "__fish_coracle_needs_command" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "attach" -d 'Join a running container: its output here, our input there'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "container" -d 'Manage containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "commit" -d 'Make an image from a container'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "cp" -d 'Copy files between the host and a container, or between containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "create" -d 'Make a container without starting it'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "events" -d 'Show what happens to containers, images and volumes'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "diff" -d 'List the files that a container has changed (C), added (A) and deleted (D)'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "exec" -d 'Run a command in a running container'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "export" -d 'Write the files of a container as a tar'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "generate" -d 'Write the man pages or the shell completions'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "healthcheck" -d 'Look after the health of containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "history" -d 'Show how an image came to be, the latest step first'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "info" -d 'Show facts about the host, the store and this program'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "init" -d 'Prepare containers without starting them: not supported, and the refusal says what to use'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "inspect" -d 'Show everything about containers, images, volumes and networks'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "kill" -d 'Send a signal to containers\' first processes'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "ps" -d 'List containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "ls" -d 'List containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "list" -d 'List containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "image" -d 'Manage images'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "images" -d 'List images'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "internal" -d 'Called by monitors'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "import" -d 'Make an image from a tar of a root folder'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "load" -d 'Load images from an archive'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "login" -d 'Log in to a registry'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "logout" -d 'Log out of a registry'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "logs" -d 'Show what containers have written'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "manifest" -d 'Make lists of images for several platforms, and push them'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "mount" -d 'Mount the root of containers, to look at their files; in a `coracle unshare` session'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "network" -d 'Manage networks'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "oci" -d 'Drive the built-in OCI runtime on a bundle'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "pause" -d 'Stop every process of containers where it is'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "port" -d 'Show which ports of the host lead into a container'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "pull" -d 'Pull images from a registry'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "push" -d 'Push an image to a registry, or to a place on disk'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "rename" -d 'Give a container another name'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "restart" -d 'Stop containers, where they run, and start them again'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "rm" -d 'Remove containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "rmi" -d 'Remove images'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "run" -d 'Make a container and run it'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "save" -d 'Save images to an archive or a folder'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "search" -d 'Search registries for images'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "secret" -d 'Manage secrets'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "start" -d 'Start containers that do not run'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "stats" -d 'Show what containers use of the machine, again and again'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "stop" -d 'Stop containers: the stop signal first, SIGKILL when it did not help'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "system" -d 'Manage the installation'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "tag" -d 'Give an image more names'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "top" -d 'Show the processes of a running container'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "unpause" -d 'Let the processes of paused containers go on'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "unmount" -d 'Unmount the root of containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "umount" -d 'Unmount the root of containers'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "unshare" -d 'Run a program in the user namespace in which your containers live, as its root'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "untag" -d 'Take names away from an image'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "update" -d 'Change limits, restart policy, health check or environment of a container, also of one that runs'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "version" -d 'Show the version'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "volume" -d 'Manage volumes'
complete -c coracle -n "__fish_coracle_needs_command" -f -a "wait" -d 'Wait for containers to end and print their exit codes'
complete -c coracle -n "__fish_coracle_using_subcommand attach" -l detach-keys -d 'The keys that leave the container running and return here; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand attach" -l sig-proxy -d 'Pass signals on to the container' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand attach" -l no-stdin -d 'Pass no input on to the container'
complete -c coracle -n "__fish_coracle_using_subcommand attach" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand attach" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "attach" -d 'Join a running container: its output here, our input there'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "clone" -d 'Make a new container with the configuration of another'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "commit" -d 'Make an image from a container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "cp" -d 'Copy files between the host and a container, or between containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "create" -d 'Make a container without starting it'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "diff" -d 'List the files that a container has changed (C), added (A) and deleted (D)'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "exec" -d 'Run a command in a running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "exists" -d 'Tell by the exit code whether a container exists: 0 it does, 1 it does not'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "export" -d 'Write the files of a container as a tar'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "init" -d 'Prepare containers without starting them: not supported, and the refusal says what to use'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "inspect" -d 'Show everything about containers, images, volumes and networks'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "kill" -d 'Send a signal to containers\' first processes'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "list" -d 'List containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "ls" -d 'List containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "ps" -d 'List containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "logs" -d 'Show what containers have written'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "mount" -d 'Mount the root of containers, to look at their files; in a `coracle unshare` session'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "pause" -d 'Stop every process of containers where it is'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "port" -d 'Show which ports of the host lead into a container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "prune" -d 'Remove all containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "rename" -d 'Give a container another name'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "restart" -d 'Stop containers, where they run, and start them again'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "rm" -d 'Remove containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "run" -d 'Make a container and run it'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "start" -d 'Start containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "stats" -d 'Show what containers use of the machine, again and again'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "stop" -d 'Stop containers: the stop signal first, SIGKILL when it did not help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "top" -d 'Show the processes of a running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "unmount" -d 'Unmount the root of containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "umount" -d 'Unmount the root of containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "unpause" -d 'Let the processes of paused containers go on'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "update" -d 'Change limits, restart policy, health check or environment of a container, also of one that runs'
complete -c coracle -n "__fish_coracle_using_subcommand container; and not __fish_seen_subcommand_from attach clone commit cp create diff exec exists export init inspect kill list ls ps logs mount pause port prune rename restart rm run start stats stop top unmount umount unpause update wait" -f -a "wait" -d 'Wait for containers to end and print their exit codes'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from attach" -l detach-keys -d 'The keys that leave the container running and return here; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from attach" -l sig-proxy -d 'Pass signals on to the container' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from attach" -l no-stdin -d 'Pass no input on to the container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from attach" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from attach" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from clone" -l name -d 'The name of the new container; else that of the original with -clone after it' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from clone" -l destroy -d 'Remove the original'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from clone" -s f -l force -d 'With --destroy, kill the original where it runs'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from clone" -l run -d 'Start the new container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from clone" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s a -l author -d 'Who made the image' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s c -l change -d 'Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s f -l format -d 'The format of the image\'s documents' -r -f -a "oci\t''
docker\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -l iidfile -d 'Write the image\'s id to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s m -l message -d 'What to say in the image\'s history' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s p -l pause -d 'Pause a running container meanwhile, so that its files fit together' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -l include-volumes -d 'Let what is mounted in the container be a volume of the image; what is in it is left out'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s q -l quiet -d 'Print nothing but the id; there is nothing else to print'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s s -l squash -d 'Make an image of one layer that has everything'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from commit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from cp" -s a -l archive -d 'Give what comes into a container to its user; --archive=false keeps the owners of the source' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from cp" -l pause -d 'Changes nothing: a container that runs need not be paused' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from cp" -l overwrite -d 'Let a file take the place of a folder, and a folder that of a file'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from cp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l name -d 'Give the container a name' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l requires -d 'Start these containers before this one, by name or id; they cannot be removed while it is there' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cidfile -d 'Write the container\'s id to this file, which must not exist' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s e -l env -d 'Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l env-file -d 'Read variables from a file, one a line; those of --env win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l env-host -d 'Pass the whole environment on from here' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l env-merge -d 'Set a variable from others of the image: NAME=text with ${OTHER}' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l unsetenv -d 'Leave a variable of the image out' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l http-proxy -d 'Pass the variables that name proxies on from here (default true)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s l -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l label-file -d 'Read labels from a file, one a line; those of --label win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l annotation -d 'Add an annotation: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s v -l volume -d 'Mount a folder of the host or a volume: [HOST-PATH|VOLUME:]CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l mount -d 'Mount something: type=bind|volume|tmpfs|image|devpts|ramfs|glob,src=SOURCE,dst=CONTAINER-PATH[,OPTION…]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l tmpfs -d 'Mount a file system in memory: CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l volumes-from -d 'Mount the volumes and folders of another container: CONTAINER[:ro|rw]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l image-volume -d 'What becomes of the image\'s volumes: bind (default; an anonymous volume; also: anonymous), tmpfs, ignore' -r -f -a "bind\t''
tmpfs\t''
ignore\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l read-only -d 'Make the container\'s root file system read-only' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l read-only-tmpfs -d 'With --read-only, keep /run, /tmp and /var/tmp (in memory), /dev and /dev/shm writable' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l shm-size -d 'The size of /dev/shm: a number with b, k, m or g; 0 for no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s u -l user -d 'Run as this user of the container: name or number, with :group or without' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l group-add -d 'Add a group: name or number of the container; keep-groups alone keeps the groups that you have' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l umask -d 'The umask of the program, in octal (default 0022)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l userns -d 'Choose the ids: host (default), keep-id[:uid=UID,gid=GID,size=SIZE], nomap, auto[:size=SIZE,…], private, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l uidmap -d 'Map user ids: CONTAINER:FROM[:COUNT], FROM counted in your own id (0) and your subordinate ids (1…), or @HOST-ID; + before it adds to the usual map; u or g limits it to users or groups' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l gidmap -d 'Map group ids; without it --uidmap serves both' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l subuidname -d 'Map all ids that this name has in /etc/subuid' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l subgidname -d 'Map all ids that this name has in /etc/subgid' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l passwd -d 'Add entries for who the program runs as to the container\'s passwd and group files where they have none' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l passwd-entry -d 'The passwd entry to add, with $USERNAME, $UID, $GID, $NAME, $HOME' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l group-entry -d 'The group entry to add, with $GROUPNAME, $GID, $USERLIST' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l hostuser -d 'Add a user of the host to the container\'s passwd file' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l pid -d 'Choose the processes that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l ipc -d 'Choose shared memory and message queues: shareable (default), private, none, host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l uts -d 'Choose the host name\'s namespace: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cgroupns -d 'Choose the cgroups that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l network -l net -d 'Choose the network: NAME[:OPTION,…], bridge[:OPTION,…], none, host, private, pasta[:ARGUMENT,…], slirp4netns[:OPTION,…], container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l ip -d 'The container\'s IPv4 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l ip6 -d 'The container\'s IPv6 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l mac-address -d 'The hardware address of the container\'s interface' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l network-alias -d 'A name by which others of the container\'s networks find it; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s p -l publish -d 'Let a port of the host lead into the container: [[IP:][HOSTPORT]:]PORT[/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l expose -d 'Name a port of the container, or a range: PORT[-PORT][/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s m -l memory -d 'Bound the memory: a number with b, k, m or g' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l memory-swap -d 'Bound memory and swap together; -1: no bound on swap (default: twice the memory)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l memory-reservation -d 'Memory that is taken back from the container last' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l memory-swappiness -d 'Only with cgroup v1, so never for an ordinary user: -1 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l oom-kill-disable -d 'Only with cgroup v1: false alone is accepted' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l pids-limit -d 'Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpus -d 'How many processors\' time: 1.5' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s c -l cpu-shares -d 'A share of the time when processors are short; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpu-quota -d 'Microseconds of processor time in each period; -1: no bound' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpu-period -d 'The length of that period in microseconds (default: 100000)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpu-rt-period -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpu-rt-runtime -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpuset-cpus -d 'The processors to run on: 0-3,8' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cpuset-mems -d 'The memory nodes to use: 0-1' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l blkio-weight -d 'A share of the disks\' time: 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l blkio-weight-device -d 'A share of one disk\'s time: /dev/sda:100' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l device-read-bps -d 'Bound the bytes that are read from a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l device-write-bps -d 'Bound the bytes that are written to a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l device-read-iops -d 'Bound the reads from a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l device-write-iops -d 'Bound the writes to a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cgroup-conf -d 'Write to a file of the container\'s cgroup: memory.high=1073741824; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cgroup-parent -d 'Make the container\'s cgroup below this one: a slice of your systemd, or a path below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cgroups -d 'The container\'s cgroup: enabled; disabled: none; no-conmon: the monitor stays in the caller\'s; split: below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cap-add -d 'Add capabilities: names with or without CAP_, or ALL; a user other than root has these and no others' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cap-drop -d 'Take capabilities away: names with or without CAP_, or ALL' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l privileged -d 'Give every capability, the devices that you can open, and no masks and no system call filter; nothing beyond your own rights' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l security-opt -d 'Set a security option: no-new-privileges, seccomp=unconfined or FILE, mask=PATHS, unmask=ALL or PATHS, proc-opts=OPTIONS, systempaths=unconfined, label=disable, apparmor=unconfined' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l device -d 'Give the container a device of the host that you can open, or all in a folder: PATH[:PATH-IN-CONTAINER][:rwm]; or one that a CDI spec describes: VENDOR/CLASS=NAME' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l gpus -d 'Give the container GPUs that a CDI spec describes: all, or numbers or names' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cdi-spec-dir -d 'Look for CDI specs in this folder, too (after /etc/cdi and /var/run/cdi)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l hooks-dir -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l device-cgroup-rule -d 'Not to be had without root: the kernel lets only root filter the devices of a cgroup' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l seccomp-policy -d 'Where the system call filter comes from: default, or image (its label io.containers.seccomp.profile)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s h -l hostname -d 'Set the host name' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l add-host -d 'Add a line to /etc/hosts: NAME[;NAME…]:ADDRESS, where host-gateway stands for the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l dns -d 'Ask this name server; none leaves the image\'s /etc/resolv.conf as it is' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l dns-option -l dns-opt -d 'Set an option of the resolver' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l dns-search -d 'Look names up in this domain; . for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l no-hosts -d 'Leave the image\'s /etc/hosts as it is' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l hosts-file -d 'Begin /etc/hosts with that of this path; none for nothing' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l ulimit -d 'Set a resource limit, NAME=SOFT[:HARD] with -1 for none; or host: all of the caller\'s as they are' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l sysctl -d 'Set a kernel setting of the container\'s own namespaces: NAME=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l oom-score-adj -d 'How readily the kernel kills the container when memory is short, from -1000 to 1000; not below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l secret -d 'Give the container a secret: NAME[,type=mount|env][,target=PATH or VARIABLE][,uid=,gid=,mode=]; as a file in /run/secrets, or as a variable, which every process of the container can read' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l init -d 'Run a small program as process 1 that passes signals on and reaps orphans' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l init-path -d 'Take this program of the host for --init instead of the one that is built in' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l tz -d 'Set the time zone: a name like Europe/Vienna, or local for that of the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l systemd -d 'Prepare the container for systemd: false, or true, which is the same here' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l personality -d 'Set the kernel\'s personality; only LINUX, which every process has, is offered' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l stop-signal -d 'The signal that `stop` sends' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l stop-timeout -d 'How many seconds `stop` waits before it kills' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l timeout -d 'Kill the container when it has run for so many seconds; 0 for never' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l restart -d 'When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l log-driver -d 'Where the output goes: k8s-file (also json-file), journald, none, passthrough (our own streams), passthrough-tty' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l log-opt -d 'An option of the log driver: max-size=SIZE, max-file=NUMBER, path=FILE; for journald tag=TEXT, label=FIELD=TEXT' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l sdnotify -d 'Who tells systemd that the container is ready: container, conmon (this command), healthy (its health check), ignore' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l pidfile -d 'Write the pid that the container\'s first process has on this host to this file, at each start' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l conmon-pidfile -d 'Write the pid of the container\'s monitor to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-cmd -d 'Check the container\'s health by this command: a text for its shell, or a JSON array of words; none for no check' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-interval -d 'The time between two checks (30s); disable to check only by `healthcheck run`' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-timeout -d 'How long a check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-retries -d 'How many failures in a row make the container unhealthy (3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-start-period -d 'For so long after the start failures do not count' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-start-interval -d 'The time between two checks during the start period (5s, or the interval where that is shorter)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-on-failure -d 'What to do when the container is unhealthy: none, kill, restart, stop' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-startup-cmd -d 'Check by this command first, until it succeeds' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-startup-interval -d 'The time between two startup checks (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-startup-retries -d 'How many failures of the startup check start the container anew; 0 for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-startup-success -d 'How many successes in a row the startup check needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-startup-timeout -d 'How long a startup check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-log-destination -d 'Where outcomes are kept: local (with the container), events_logger, or a folder' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-max-log-count -d 'How many outcomes are kept (5); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l health-max-log-size -d 'How many bytes of each outcome\'s output are kept (500); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s w -l workdir -d 'Begin in this folder of the container' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l entrypoint -d 'Replace the image\'s entrypoint: a program, or a JSON array of program and arguments; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l pull -d 'When to pull the image: missing (default), always, newer, never' -r -f -a "always\t''
missing\t''
newer\t''
never\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l platform -d 'OS/ARCH[/VARIANT]; this machine\'s where not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l disable-content-trust -d 'Not needed: signatures of Docker\'s content trust are never asked for' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l decryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l replace -d 'Remove the container that has the name, also a running one'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l rm -d 'Remove the container when it has ended'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l unsetenv-all -d 'Leave all variables of the image out'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l rootfs -d 'The image is the path of a folder that holds a root file system; PATH:O keeps what the container writes out of it'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s P -l publish-all -d 'Let free ports of the host lead to all ports that the image or --expose names'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l no-hostname -d 'Leave the image\'s /etc/hostname as it is'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l no-healthcheck -d 'No health check, also where the image has one'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s i -l interactive -d 'Keep the container\'s standard input open'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s t -l tty -d 'Give the container a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print no progress while an image is pulled'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from create" -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from diff" -l format -d 'Print JSON' -r -f -a "json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from diff" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s e -l env -d 'Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l env-file -d 'Read variables from a file, one a line; those of --env win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s u -l user -d 'Run as this user of the container: name or number, with :group or without' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s w -l workdir -d 'Begin in this folder of the container' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l detach-keys -d 'The keys that leave the command running and return here, with a terminal; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l cidfile -d 'With --detach: write the session\'s id to this file, which must not exist' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l preserve-fds -d 'Pass this many open descriptors on to the container, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l preserve-fd -d 'Pass these open descriptors on to the container, under their numbers' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s d -l detach -d 'Run in the background'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l privileged -d 'Give the command every capability'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s i -l interactive -d 'Pass standard input on to the command'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s t -l tty -d 'Give the command a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -l no-session -d 'Keep no record of the session while it runs: `inspect` does not show it'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s l -l latest -d 'In the container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exec" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exists" -l external -d 'Containers of other tools count, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file and not to standard output; it appears when it is whole' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from inspect" -s f -l format -d 'json, or a Go template that is run for each object' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from inspect" -s t -l type -d 'What the names are names of' -r -f -a "all\t'A container, else an image, else a volume, else a network'
container\t''
image\t''
network\t''
volume\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from inspect" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from inspect" -s s -l size -d 'Add up the files of containers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from kill" -s s -l signal -d 'The signal: a name or a number' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from kill" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from kill" -s a -l all -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from kill" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from kill" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s f -l filter -d 'Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy, should-start-on-boot' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s n -l last -d 'The newest N containers, running or not' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s w -l watch -d 'Show the list again after every so many seconds, until ctrl-c' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -l sort -d 'The order' -r -f -a "command\t''
created\t''
id\t''
image\t''
names\t''
runningfor\t''
size\t''
status\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s l -l latest -d 'The newest container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -l no-trunc -d 'Full ids and commands'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Ids alone, where there is no --format'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s s -l size -d 'Add up the containers\' files'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -l external -d 'Containers of other tools, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s p -l pod -d 'The pod of each container, by id and name'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -l sync -d 'Look at the processes themselves and not at what was noted of them, which is always done'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s f -l filter -d 'Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy, should-start-on-boot' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s n -l last -d 'The newest N containers, running or not' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s w -l watch -d 'Show the list again after every so many seconds, until ctrl-c' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -l sort -d 'The order' -r -f -a "command\t''
created\t''
id\t''
image\t''
names\t''
runningfor\t''
size\t''
status\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s l -l latest -d 'The newest container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -l no-trunc -d 'Full ids and commands'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Ids alone, where there is no --format'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s s -l size -d 'Add up the containers\' files'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -l external -d 'Containers of other tools, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s p -l pod -d 'The pod of each container, by id and name'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -l sync -d 'Look at the processes themselves and not at what was noted of them, which is always done'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s f -l filter -d 'Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy, should-start-on-boot' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s n -l last -d 'The newest N containers, running or not' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s w -l watch -d 'Show the list again after every so many seconds, until ctrl-c' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -l sort -d 'The order' -r -f -a "command\t''
created\t''
id\t''
image\t''
names\t''
runningfor\t''
size\t''
status\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s l -l latest -d 'The newest container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -l no-trunc -d 'Full ids and commands'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s q -l quiet -d 'Ids alone, where there is no --format'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s s -l size -d 'Add up the containers\' files'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -l external -d 'Containers of other tools, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s p -l pod -d 'The pod of each container, by id and name'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -l sync -d 'Look at the processes themselves and not at what was noted of them, which is always done'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from ps" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -l tail -d 'Show only the last lines; a negative number means all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -l since -d 'Show only what came at this time or later: a time (2026-11-21T03:00:00Z, seconds since 1970) or how long ago (10m)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -l until -d 'Show only what came until this time' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Go on until the containers have ended'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -s t -l timestamps -d 'Show the time of each line'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -s n -l names -d 'With several containers, show names and not ids'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -l color -d 'With several containers, a colour for each'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from mount" -l format -d 'Print JSON' -r -f -a "json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from mount" -s a -l all -d 'Every container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from mount" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from mount" -l no-trunc -d 'Print whole ids in the list'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from mount" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from pause" -s f -l filter -d 'Running containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from pause" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from pause" -s a -l all -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from pause" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from port" -s a -l all -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from port" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from port" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from prune" -l filter -d 'Only containers that match KEY=VALUE: label, label!, until' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from prune" -s f -l force -d 'Do not ask'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -s t -l time -l timeout -d 'How many seconds to wait before SIGKILL; 0 kills at once, -1 waits for ever' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -s f -l filter -d 'Containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -s a -l all -d 'Every container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -l running -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s t -l time -l timeout -d 'With --force, send the stop signal first and wait this many seconds before SIGKILL' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -l filter -d 'Containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s f -l force -d 'Kill a running container first'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s v -l volumes -d 'Remove the container\'s anonymous volumes too'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s a -l all -d 'Every container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -l depend -d 'First remove the containers that require these'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s i -l ignore -d 'A container that does not exist is no error'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s a -l attach -d 'Show only this stream: stdout or stderr, or both by giving it twice; with -i stdin alone, which prints the id' -r -f -a "stdin\t''
stdout\t''
stderr\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l detach-keys -d 'The keys that leave the container running and return here; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l sig-proxy -d 'Pass signals on to the container' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l preserve-fds -d 'Pass this many open descriptors on to the container, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l preserve-fd -d 'Pass these open descriptors on to the container, under their numbers' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l name -d 'Give the container a name' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l requires -d 'Start these containers before this one, by name or id; they cannot be removed while it is there' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cidfile -d 'Write the container\'s id to this file, which must not exist' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s e -l env -d 'Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l env-file -d 'Read variables from a file, one a line; those of --env win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l env-host -d 'Pass the whole environment on from here' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l env-merge -d 'Set a variable from others of the image: NAME=text with ${OTHER}' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l unsetenv -d 'Leave a variable of the image out' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l http-proxy -d 'Pass the variables that name proxies on from here (default true)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s l -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l label-file -d 'Read labels from a file, one a line; those of --label win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l annotation -d 'Add an annotation: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s v -l volume -d 'Mount a folder of the host or a volume: [HOST-PATH|VOLUME:]CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l mount -d 'Mount something: type=bind|volume|tmpfs|image|devpts|ramfs|glob,src=SOURCE,dst=CONTAINER-PATH[,OPTION…]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l tmpfs -d 'Mount a file system in memory: CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l volumes-from -d 'Mount the volumes and folders of another container: CONTAINER[:ro|rw]' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l image-volume -d 'What becomes of the image\'s volumes: bind (default; an anonymous volume; also: anonymous), tmpfs, ignore' -r -f -a "bind\t''
tmpfs\t''
ignore\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l read-only -d 'Make the container\'s root file system read-only' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l read-only-tmpfs -d 'With --read-only, keep /run, /tmp and /var/tmp (in memory), /dev and /dev/shm writable' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l shm-size -d 'The size of /dev/shm: a number with b, k, m or g; 0 for no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s u -l user -d 'Run as this user of the container: name or number, with :group or without' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l group-add -d 'Add a group: name or number of the container; keep-groups alone keeps the groups that you have' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l umask -d 'The umask of the program, in octal (default 0022)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l userns -d 'Choose the ids: host (default), keep-id[:uid=UID,gid=GID,size=SIZE], nomap, auto[:size=SIZE,…], private, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l uidmap -d 'Map user ids: CONTAINER:FROM[:COUNT], FROM counted in your own id (0) and your subordinate ids (1…), or @HOST-ID; + before it adds to the usual map; u or g limits it to users or groups' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l gidmap -d 'Map group ids; without it --uidmap serves both' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l subuidname -d 'Map all ids that this name has in /etc/subuid' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l subgidname -d 'Map all ids that this name has in /etc/subgid' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l passwd -d 'Add entries for who the program runs as to the container\'s passwd and group files where they have none' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l passwd-entry -d 'The passwd entry to add, with $USERNAME, $UID, $GID, $NAME, $HOME' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l group-entry -d 'The group entry to add, with $GROUPNAME, $GID, $USERLIST' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l hostuser -d 'Add a user of the host to the container\'s passwd file' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l pid -d 'Choose the processes that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l ipc -d 'Choose shared memory and message queues: shareable (default), private, none, host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l uts -d 'Choose the host name\'s namespace: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cgroupns -d 'Choose the cgroups that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l network -l net -d 'Choose the network: NAME[:OPTION,…], bridge[:OPTION,…], none, host, private, pasta[:ARGUMENT,…], slirp4netns[:OPTION,…], container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l ip -d 'The container\'s IPv4 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l ip6 -d 'The container\'s IPv6 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l mac-address -d 'The hardware address of the container\'s interface' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l network-alias -d 'A name by which others of the container\'s networks find it; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s p -l publish -d 'Let a port of the host lead into the container: [[IP:][HOSTPORT]:]PORT[/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l expose -d 'Name a port of the container, or a range: PORT[-PORT][/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s m -l memory -d 'Bound the memory: a number with b, k, m or g' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l memory-swap -d 'Bound memory and swap together; -1: no bound on swap (default: twice the memory)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l memory-reservation -d 'Memory that is taken back from the container last' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l memory-swappiness -d 'Only with cgroup v1, so never for an ordinary user: -1 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l oom-kill-disable -d 'Only with cgroup v1: false alone is accepted' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l pids-limit -d 'Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpus -d 'How many processors\' time: 1.5' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s c -l cpu-shares -d 'A share of the time when processors are short; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpu-quota -d 'Microseconds of processor time in each period; -1: no bound' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpu-period -d 'The length of that period in microseconds (default: 100000)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpu-rt-period -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpu-rt-runtime -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpuset-cpus -d 'The processors to run on: 0-3,8' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cpuset-mems -d 'The memory nodes to use: 0-1' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l blkio-weight -d 'A share of the disks\' time: 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l blkio-weight-device -d 'A share of one disk\'s time: /dev/sda:100' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l device-read-bps -d 'Bound the bytes that are read from a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l device-write-bps -d 'Bound the bytes that are written to a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l device-read-iops -d 'Bound the reads from a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l device-write-iops -d 'Bound the writes to a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cgroup-conf -d 'Write to a file of the container\'s cgroup: memory.high=1073741824; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cgroup-parent -d 'Make the container\'s cgroup below this one: a slice of your systemd, or a path below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cgroups -d 'The container\'s cgroup: enabled; disabled: none; no-conmon: the monitor stays in the caller\'s; split: below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cap-add -d 'Add capabilities: names with or without CAP_, or ALL; a user other than root has these and no others' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cap-drop -d 'Take capabilities away: names with or without CAP_, or ALL' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l privileged -d 'Give every capability, the devices that you can open, and no masks and no system call filter; nothing beyond your own rights' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l security-opt -d 'Set a security option: no-new-privileges, seccomp=unconfined or FILE, mask=PATHS, unmask=ALL or PATHS, proc-opts=OPTIONS, systempaths=unconfined, label=disable, apparmor=unconfined' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l device -d 'Give the container a device of the host that you can open, or all in a folder: PATH[:PATH-IN-CONTAINER][:rwm]; or one that a CDI spec describes: VENDOR/CLASS=NAME' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l gpus -d 'Give the container GPUs that a CDI spec describes: all, or numbers or names' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cdi-spec-dir -d 'Look for CDI specs in this folder, too (after /etc/cdi and /var/run/cdi)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l hooks-dir -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l device-cgroup-rule -d 'Not to be had without root: the kernel lets only root filter the devices of a cgroup' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l seccomp-policy -d 'Where the system call filter comes from: default, or image (its label io.containers.seccomp.profile)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s h -l hostname -d 'Set the host name' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l add-host -d 'Add a line to /etc/hosts: NAME[;NAME…]:ADDRESS, where host-gateway stands for the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l dns -d 'Ask this name server; none leaves the image\'s /etc/resolv.conf as it is' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l dns-option -l dns-opt -d 'Set an option of the resolver' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l dns-search -d 'Look names up in this domain; . for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l no-hosts -d 'Leave the image\'s /etc/hosts as it is' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l hosts-file -d 'Begin /etc/hosts with that of this path; none for nothing' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l ulimit -d 'Set a resource limit, NAME=SOFT[:HARD] with -1 for none; or host: all of the caller\'s as they are' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l sysctl -d 'Set a kernel setting of the container\'s own namespaces: NAME=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l oom-score-adj -d 'How readily the kernel kills the container when memory is short, from -1000 to 1000; not below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l secret -d 'Give the container a secret: NAME[,type=mount|env][,target=PATH or VARIABLE][,uid=,gid=,mode=]; as a file in /run/secrets, or as a variable, which every process of the container can read' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l init -d 'Run a small program as process 1 that passes signals on and reaps orphans' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l init-path -d 'Take this program of the host for --init instead of the one that is built in' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l tz -d 'Set the time zone: a name like Europe/Vienna, or local for that of the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l systemd -d 'Prepare the container for systemd: false, or true, which is the same here' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l personality -d 'Set the kernel\'s personality; only LINUX, which every process has, is offered' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l stop-signal -d 'The signal that `stop` sends' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l stop-timeout -d 'How many seconds `stop` waits before it kills' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l timeout -d 'Kill the container when it has run for so many seconds; 0 for never' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l restart -d 'When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l log-driver -d 'Where the output goes: k8s-file (also json-file), journald, none, passthrough (our own streams), passthrough-tty' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l log-opt -d 'An option of the log driver: max-size=SIZE, max-file=NUMBER, path=FILE; for journald tag=TEXT, label=FIELD=TEXT' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l sdnotify -d 'Who tells systemd that the container is ready: container, conmon (this command), healthy (its health check), ignore' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l pidfile -d 'Write the pid that the container\'s first process has on this host to this file, at each start' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l conmon-pidfile -d 'Write the pid of the container\'s monitor to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-cmd -d 'Check the container\'s health by this command: a text for its shell, or a JSON array of words; none for no check' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-interval -d 'The time between two checks (30s); disable to check only by `healthcheck run`' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-timeout -d 'How long a check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-retries -d 'How many failures in a row make the container unhealthy (3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-start-period -d 'For so long after the start failures do not count' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-start-interval -d 'The time between two checks during the start period (5s, or the interval where that is shorter)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-on-failure -d 'What to do when the container is unhealthy: none, kill, restart, stop' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-startup-cmd -d 'Check by this command first, until it succeeds' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-startup-interval -d 'The time between two startup checks (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-startup-retries -d 'How many failures of the startup check start the container anew; 0 for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-startup-success -d 'How many successes in a row the startup check needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-startup-timeout -d 'How long a startup check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-log-destination -d 'Where outcomes are kept: local (with the container), events_logger, or a folder' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-max-log-count -d 'How many outcomes are kept (5); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l health-max-log-size -d 'How many bytes of each outcome\'s output are kept (500); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s w -l workdir -d 'Begin in this folder of the container' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l entrypoint -d 'Replace the image\'s entrypoint: a program, or a JSON array of program and arguments; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l pull -d 'When to pull the image: missing (default), always, newer, never' -r -f -a "always\t''
missing\t''
newer\t''
never\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l platform -d 'OS/ARCH[/VARIANT]; this machine\'s where not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l disable-content-trust -d 'Not needed: signatures of Docker\'s content trust are never asked for' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l decryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s d -l detach -d 'Run in the background and print the container\'s id'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l rmi -d 'Remove the image, too, when the container has ended, unless another container uses it; implies --rm'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l replace -d 'Remove the container that has the name, also a running one'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l rm -d 'Remove the container when it has ended'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l unsetenv-all -d 'Leave all variables of the image out'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l rootfs -d 'The image is the path of a folder that holds a root file system; PATH:O keeps what the container writes out of it'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s P -l publish-all -d 'Let free ports of the host lead to all ports that the image or --expose names'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l no-hostname -d 'Leave the image\'s /etc/hostname as it is'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l no-healthcheck -d 'No health check, also where the image has one'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s i -l interactive -d 'Keep the container\'s standard input open'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s t -l tty -d 'Give the container a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print no progress while an image is pulled'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from run" -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -l detach-keys -d 'The keys that leave the container running and return here; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -l sig-proxy -d 'Pass signals on to the container' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -s f -l filter -d 'Containers that match KEY=VALUE and do not run; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -s a -l attach -d 'Stay in the foreground: show output, return the exit code'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -s i -l interactive -d 'Pass standard input on to the container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -l all -d 'Start every container that does not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -s i -l interval -d 'How many seconds lie between two looks' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -l no-reset -d 'Do not clear the terminal before each table'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -l no-stream -d 'Look once'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -l no-trunc -d 'Full ids'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -s t -l time -l timeout -d 'How many seconds to wait before SIGKILL; 0 kills at once, -1 waits for ever' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -s f -l filter -d 'Running containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -s i -l ignore -d 'A container that does not exist is no error'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -s a -l all -d 'Stop every running container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from top" -s l -l latest -d 'The container made last; then every word is a column'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unmount" -s a -l all -d 'Every container that is mounted'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unmount" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unmount" -s f -l force -d 'Also where files of it are in use: they stay usable until they are closed'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unmount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from umount" -s a -l all -d 'Every container that is mounted'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from umount" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from umount" -s f -l force -d 'Also where files of it are in use: they stay usable until they are closed'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from umount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unpause" -s f -l filter -d 'Paused containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unpause" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unpause" -s a -l all -d 'Every paused container'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unpause" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from unpause" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -s m -l memory -d 'Bound the memory: a number with b, k, m or g' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l memory-swap -d 'Bound memory and swap together; -1: no bound on swap (default: twice the memory)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l memory-reservation -d 'Memory that is taken back from the container last' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l memory-swappiness -d 'Only with cgroup v1, so never for an ordinary user: -1 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l oom-kill-disable -d 'Only with cgroup v1: false alone is accepted' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l pids-limit -d 'Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpus -d 'How many processors\' time: 1.5' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -s c -l cpu-shares -d 'A share of the time when processors are short; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpu-quota -d 'Microseconds of processor time in each period; -1: no bound' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpu-period -d 'The length of that period in microseconds (default: 100000)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpu-rt-period -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpu-rt-runtime -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpuset-cpus -d 'The processors to run on: 0-3,8' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l cpuset-mems -d 'The memory nodes to use: 0-1' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l blkio-weight -d 'A share of the disks\' time: 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l blkio-weight-device -d 'A share of one disk\'s time: /dev/sda:100' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l device-read-bps -d 'Bound the bytes that are read from a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l device-write-bps -d 'Bound the bytes that are written to a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l device-read-iops -d 'Bound the reads from a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l device-write-iops -d 'Bound the writes to a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l restart -d 'When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-cmd -d 'Check the container\'s health by this command: a text for its shell, or a JSON array of words; none for no check' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-interval -d 'The time between two checks (30s); disable to check only by `healthcheck run`' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-timeout -d 'How long a check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-retries -d 'How many failures in a row make the container unhealthy (3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-start-period -d 'For so long after the start failures do not count' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-start-interval -d 'The time between two checks during the start period (5s, or the interval where that is shorter)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-on-failure -d 'What to do when the container is unhealthy: none, kill, restart, stop' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-startup-cmd -d 'Check by this command first, until it succeeds' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-startup-interval -d 'The time between two startup checks (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-startup-retries -d 'How many failures of the startup check start the container anew; 0 for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-startup-success -d 'How many successes in a row the startup check needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-startup-timeout -d 'How long a startup check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-log-destination -d 'Where outcomes are kept: local (with the container), events_logger, or a folder' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-max-log-count -d 'How many outcomes are kept (5); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l health-max-log-size -d 'How many bytes of each outcome\'s output are kept (500); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -s e -l env -d 'Set an environment variable: NAME=value, or NAME to take it from here' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l unsetenv -d 'Take an environment variable away' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -l no-healthcheck -d 'No health check, also where the image has one'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -l condition -d 'Wait for this state: stopped (default), exited, running, paused, created, configured, removing, healthy, unhealthy' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -s i -l interval -d 'Look again after this time also where nothing was told: 250ms, 2s; a number alone is milliseconds' -r
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -l exit-first-match -d 'Return when the first of the containers is in a wanted state, and print its code alone'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -l ignore -d 'A container that does not exist is no error; its code is -1'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand container; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s a -l author -d 'Who made the image' -r
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s c -l change -d 'Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR' -r
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s f -l format -d 'The format of the image\'s documents' -r -f -a "oci\t''
docker\t''"
complete -c coracle -n "__fish_coracle_using_subcommand commit" -l iidfile -d 'Write the image\'s id to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s m -l message -d 'What to say in the image\'s history' -r
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s p -l pause -d 'Pause a running container meanwhile, so that its files fit together' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand commit" -l include-volumes -d 'Let what is mounted in the container be a volume of the image; what is in it is left out'
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s q -l quiet -d 'Print nothing but the id; there is nothing else to print'
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s s -l squash -d 'Make an image of one layer that has everything'
complete -c coracle -n "__fish_coracle_using_subcommand commit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand cp" -s a -l archive -d 'Give what comes into a container to its user; --archive=false keeps the owners of the source' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand cp" -l pause -d 'Changes nothing: a container that runs need not be paused' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand cp" -l overwrite -d 'Let a file take the place of a folder, and a folder that of a file'
complete -c coracle -n "__fish_coracle_using_subcommand cp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l name -d 'Give the container a name' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l requires -d 'Start these containers before this one, by name or id; they cannot be removed while it is there' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cidfile -d 'Write the container\'s id to this file, which must not exist' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -s e -l env -d 'Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l env-file -d 'Read variables from a file, one a line; those of --env win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l env-host -d 'Pass the whole environment on from here' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l env-merge -d 'Set a variable from others of the image: NAME=text with ${OTHER}' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l unsetenv -d 'Leave a variable of the image out' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l http-proxy -d 'Pass the variables that name proxies on from here (default true)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -s l -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l label-file -d 'Read labels from a file, one a line; those of --label win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l annotation -d 'Add an annotation: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s v -l volume -d 'Mount a folder of the host or a volume: [HOST-PATH|VOLUME:]CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l mount -d 'Mount something: type=bind|volume|tmpfs|image|devpts|ramfs|glob,src=SOURCE,dst=CONTAINER-PATH[,OPTION…]' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l tmpfs -d 'Mount a file system in memory: CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l volumes-from -d 'Mount the volumes and folders of another container: CONTAINER[:ro|rw]' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l image-volume -d 'What becomes of the image\'s volumes: bind (default; an anonymous volume; also: anonymous), tmpfs, ignore' -r -f -a "bind\t''
tmpfs\t''
ignore\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l read-only -d 'Make the container\'s root file system read-only' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l read-only-tmpfs -d 'With --read-only, keep /run, /tmp and /var/tmp (in memory), /dev and /dev/shm writable' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l shm-size -d 'The size of /dev/shm: a number with b, k, m or g; 0 for no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s u -l user -d 'Run as this user of the container: name or number, with :group or without' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l group-add -d 'Add a group: name or number of the container; keep-groups alone keeps the groups that you have' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l umask -d 'The umask of the program, in octal (default 0022)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l userns -d 'Choose the ids: host (default), keep-id[:uid=UID,gid=GID,size=SIZE], nomap, auto[:size=SIZE,…], private, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l uidmap -d 'Map user ids: CONTAINER:FROM[:COUNT], FROM counted in your own id (0) and your subordinate ids (1…), or @HOST-ID; + before it adds to the usual map; u or g limits it to users or groups' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l gidmap -d 'Map group ids; without it --uidmap serves both' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l subuidname -d 'Map all ids that this name has in /etc/subuid' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l subgidname -d 'Map all ids that this name has in /etc/subgid' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l passwd -d 'Add entries for who the program runs as to the container\'s passwd and group files where they have none' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l passwd-entry -d 'The passwd entry to add, with $USERNAME, $UID, $GID, $NAME, $HOME' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l group-entry -d 'The group entry to add, with $GROUPNAME, $GID, $USERLIST' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l hostuser -d 'Add a user of the host to the container\'s passwd file' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l pid -d 'Choose the processes that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l ipc -d 'Choose shared memory and message queues: shareable (default), private, none, host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l uts -d 'Choose the host name\'s namespace: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cgroupns -d 'Choose the cgroups that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l network -l net -d 'Choose the network: NAME[:OPTION,…], bridge[:OPTION,…], none, host, private, pasta[:ARGUMENT,…], slirp4netns[:OPTION,…], container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l ip -d 'The container\'s IPv4 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l ip6 -d 'The container\'s IPv6 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l mac-address -d 'The hardware address of the container\'s interface' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l network-alias -d 'A name by which others of the container\'s networks find it; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s p -l publish -d 'Let a port of the host lead into the container: [[IP:][HOSTPORT]:]PORT[/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l expose -d 'Name a port of the container, or a range: PORT[-PORT][/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s m -l memory -d 'Bound the memory: a number with b, k, m or g' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l memory-swap -d 'Bound memory and swap together; -1: no bound on swap (default: twice the memory)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l memory-reservation -d 'Memory that is taken back from the container last' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l memory-swappiness -d 'Only with cgroup v1, so never for an ordinary user: -1 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l oom-kill-disable -d 'Only with cgroup v1: false alone is accepted' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l pids-limit -d 'Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpus -d 'How many processors\' time: 1.5' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s c -l cpu-shares -d 'A share of the time when processors are short; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpu-quota -d 'Microseconds of processor time in each period; -1: no bound' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpu-period -d 'The length of that period in microseconds (default: 100000)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpu-rt-period -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpu-rt-runtime -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpuset-cpus -d 'The processors to run on: 0-3,8' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cpuset-mems -d 'The memory nodes to use: 0-1' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l blkio-weight -d 'A share of the disks\' time: 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l blkio-weight-device -d 'A share of one disk\'s time: /dev/sda:100' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l device-read-bps -d 'Bound the bytes that are read from a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l device-write-bps -d 'Bound the bytes that are written to a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l device-read-iops -d 'Bound the reads from a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l device-write-iops -d 'Bound the writes to a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cgroup-conf -d 'Write to a file of the container\'s cgroup: memory.high=1073741824; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cgroup-parent -d 'Make the container\'s cgroup below this one: a slice of your systemd, or a path below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cgroups -d 'The container\'s cgroup: enabled; disabled: none; no-conmon: the monitor stays in the caller\'s; split: below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cap-add -d 'Add capabilities: names with or without CAP_, or ALL; a user other than root has these and no others' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cap-drop -d 'Take capabilities away: names with or without CAP_, or ALL' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l privileged -d 'Give every capability, the devices that you can open, and no masks and no system call filter; nothing beyond your own rights' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l security-opt -d 'Set a security option: no-new-privileges, seccomp=unconfined or FILE, mask=PATHS, unmask=ALL or PATHS, proc-opts=OPTIONS, systempaths=unconfined, label=disable, apparmor=unconfined' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l device -d 'Give the container a device of the host that you can open, or all in a folder: PATH[:PATH-IN-CONTAINER][:rwm]; or one that a CDI spec describes: VENDOR/CLASS=NAME' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l gpus -d 'Give the container GPUs that a CDI spec describes: all, or numbers or names' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cdi-spec-dir -d 'Look for CDI specs in this folder, too (after /etc/cdi and /var/run/cdi)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l hooks-dir -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l device-cgroup-rule -d 'Not to be had without root: the kernel lets only root filter the devices of a cgroup' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l seccomp-policy -d 'Where the system call filter comes from: default, or image (its label io.containers.seccomp.profile)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s h -l hostname -d 'Set the host name' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l add-host -d 'Add a line to /etc/hosts: NAME[;NAME…]:ADDRESS, where host-gateway stands for the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l dns -d 'Ask this name server; none leaves the image\'s /etc/resolv.conf as it is' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l dns-option -l dns-opt -d 'Set an option of the resolver' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l dns-search -d 'Look names up in this domain; . for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l no-hosts -d 'Leave the image\'s /etc/hosts as it is' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l hosts-file -d 'Begin /etc/hosts with that of this path; none for nothing' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l ulimit -d 'Set a resource limit, NAME=SOFT[:HARD] with -1 for none; or host: all of the caller\'s as they are' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l sysctl -d 'Set a kernel setting of the container\'s own namespaces: NAME=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l oom-score-adj -d 'How readily the kernel kills the container when memory is short, from -1000 to 1000; not below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l secret -d 'Give the container a secret: NAME[,type=mount|env][,target=PATH or VARIABLE][,uid=,gid=,mode=]; as a file in /run/secrets, or as a variable, which every process of the container can read' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l init -d 'Run a small program as process 1 that passes signals on and reaps orphans' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l init-path -d 'Take this program of the host for --init instead of the one that is built in' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l tz -d 'Set the time zone: a name like Europe/Vienna, or local for that of the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l systemd -d 'Prepare the container for systemd: false, or true, which is the same here' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l personality -d 'Set the kernel\'s personality; only LINUX, which every process has, is offered' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l stop-signal -d 'The signal that `stop` sends' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l stop-timeout -d 'How many seconds `stop` waits before it kills' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l timeout -d 'Kill the container when it has run for so many seconds; 0 for never' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l restart -d 'When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l log-driver -d 'Where the output goes: k8s-file (also json-file), journald, none, passthrough (our own streams), passthrough-tty' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l log-opt -d 'An option of the log driver: max-size=SIZE, max-file=NUMBER, path=FILE; for journald tag=TEXT, label=FIELD=TEXT' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l sdnotify -d 'Who tells systemd that the container is ready: container, conmon (this command), healthy (its health check), ignore' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l pidfile -d 'Write the pid that the container\'s first process has on this host to this file, at each start' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l conmon-pidfile -d 'Write the pid of the container\'s monitor to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-cmd -d 'Check the container\'s health by this command: a text for its shell, or a JSON array of words; none for no check' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-interval -d 'The time between two checks (30s); disable to check only by `healthcheck run`' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-timeout -d 'How long a check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-retries -d 'How many failures in a row make the container unhealthy (3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-start-period -d 'For so long after the start failures do not count' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-start-interval -d 'The time between two checks during the start period (5s, or the interval where that is shorter)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-on-failure -d 'What to do when the container is unhealthy: none, kill, restart, stop' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-startup-cmd -d 'Check by this command first, until it succeeds' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-startup-interval -d 'The time between two startup checks (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-startup-retries -d 'How many failures of the startup check start the container anew; 0 for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-startup-success -d 'How many successes in a row the startup check needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-startup-timeout -d 'How long a startup check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-log-destination -d 'Where outcomes are kept: local (with the container), events_logger, or a folder' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-max-log-count -d 'How many outcomes are kept (5); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l health-max-log-size -d 'How many bytes of each outcome\'s output are kept (500); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -s w -l workdir -d 'Begin in this folder of the container' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l entrypoint -d 'Replace the image\'s entrypoint: a program, or a JSON array of program and arguments; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l pull -d 'When to pull the image: missing (default), always, newer, never' -r -f -a "always\t''
missing\t''
newer\t''
never\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l platform -d 'OS/ARCH[/VARIANT]; this machine\'s where not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand create" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l disable-content-trust -d 'Not needed: signatures of Docker\'s content trust are never asked for' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand create" -l decryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand create" -l replace -d 'Remove the container that has the name, also a running one'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l rm -d 'Remove the container when it has ended'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l unsetenv-all -d 'Leave all variables of the image out'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l rootfs -d 'The image is the path of a folder that holds a root file system; PATH:O keeps what the container writes out of it'
complete -c coracle -n "__fish_coracle_using_subcommand create" -s P -l publish-all -d 'Let free ports of the host lead to all ports that the image or --expose names'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l no-hostname -d 'Leave the image\'s /etc/hostname as it is'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l no-healthcheck -d 'No health check, also where the image has one'
complete -c coracle -n "__fish_coracle_using_subcommand create" -s i -l interactive -d 'Keep the container\'s standard input open'
complete -c coracle -n "__fish_coracle_using_subcommand create" -s t -l tty -d 'Give the container a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand create" -s q -l quiet -d 'Print no progress while an image is pulled'
complete -c coracle -n "__fish_coracle_using_subcommand create" -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand events" -s f -l filter -d 'Only events that match KEY=VALUE: container, event, image, label, network, pod, secret, type, volume' -r
complete -c coracle -n "__fish_coracle_using_subcommand events" -l format -d 'json (an object a line) or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand events" -l no-trunc -d 'Full ids; false cuts them' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand events" -l since -d 'Only events since this time, or since so long ago' -r
complete -c coracle -n "__fish_coracle_using_subcommand events" -l stream -d 'Wait for events to come; false shows what has happened and ends' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand events" -l until -d 'Only events until this time, or until so far ahead, or with a minus sign until so long ago' -r
complete -c coracle -n "__fish_coracle_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand diff" -l format -d 'Print JSON' -r -f -a "json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand diff" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s e -l env -d 'Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on' -r
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l env-file -d 'Read variables from a file, one a line; those of --env win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s u -l user -d 'Run as this user of the container: name or number, with :group or without' -r
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s w -l workdir -d 'Begin in this folder of the container' -r
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l detach-keys -d 'The keys that leave the command running and return here, with a terminal; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l cidfile -d 'With --detach: write the session\'s id to this file, which must not exist' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l preserve-fds -d 'Pass this many open descriptors on to the container, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l preserve-fd -d 'Pass these open descriptors on to the container, under their numbers' -r
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s d -l detach -d 'Run in the background'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l privileged -d 'Give the command every capability'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s i -l interactive -d 'Pass standard input on to the command'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s t -l tty -d 'Give the command a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -l no-session -d 'Keep no record of the session while it runs: `inspect` does not show it'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s l -l latest -d 'In the container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand exec" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand export" -s o -l output -d 'Write to this file and not to standard output; it appears when it is whole' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand generate" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand healthcheck; and not __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand healthcheck; and not __fish_seen_subcommand_from run" -f -a "run" -d 'Check a container\'s health now: 0 for healthy, 1 for a failure, 125 where there is no check or the container does not run'
complete -c coracle -n "__fish_coracle_using_subcommand healthcheck; and __fish_seen_subcommand_from run" -l ignore-result -d 'The exit code is 0 also when the check fails and does not make the container unhealthy yet'
complete -c coracle -n "__fish_coracle_using_subcommand healthcheck; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand history" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand history" -s H -l human -d 'Print ages and units; with =false times and bytes' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand history" -l no-trunc -d 'Print ids and commands whole'
complete -c coracle -n "__fish_coracle_using_subcommand history" -s q -l quiet -d 'Print ids alone'
complete -c coracle -n "__fish_coracle_using_subcommand history" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand info" -s f -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand info" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand inspect" -s f -l format -d 'json, or a Go template that is run for each object' -r
complete -c coracle -n "__fish_coracle_using_subcommand inspect" -s t -l type -d 'What the names are names of' -r -f -a "all\t'A container, else an image, else a volume, else a network'
container\t''
image\t''
network\t''
volume\t''"
complete -c coracle -n "__fish_coracle_using_subcommand inspect" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand inspect" -s s -l size -d 'Add up the files of containers'
complete -c coracle -n "__fish_coracle_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand kill" -s s -l signal -d 'The signal: a name or a number' -r
complete -c coracle -n "__fish_coracle_using_subcommand kill" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand kill" -s a -l all -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand kill" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand kill" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s f -l filter -d 'Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy, should-start-on-boot' -r
complete -c coracle -n "__fish_coracle_using_subcommand ps" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s n -l last -d 'The newest N containers, running or not' -r
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s w -l watch -d 'Show the list again after every so many seconds, until ctrl-c' -r
complete -c coracle -n "__fish_coracle_using_subcommand ps" -l sort -d 'The order' -r -f -a "command\t''
created\t''
id\t''
image\t''
names\t''
runningfor\t''
size\t''
status\t''"
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s l -l latest -d 'The newest container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -l no-trunc -d 'Full ids and commands'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s q -l quiet -d 'Ids alone, where there is no --format'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s s -l size -d 'Add up the containers\' files'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -l external -d 'Containers of other tools, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s p -l pod -d 'The pod of each container, by id and name'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -l sync -d 'Look at the processes themselves and not at what was noted of them, which is always done'
complete -c coracle -n "__fish_coracle_using_subcommand ps" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s f -l filter -d 'Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy, should-start-on-boot' -r
complete -c coracle -n "__fish_coracle_using_subcommand ls" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s n -l last -d 'The newest N containers, running or not' -r
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s w -l watch -d 'Show the list again after every so many seconds, until ctrl-c' -r
complete -c coracle -n "__fish_coracle_using_subcommand ls" -l sort -d 'The order' -r -f -a "command\t''
created\t''
id\t''
image\t''
names\t''
runningfor\t''
size\t''
status\t''"
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s l -l latest -d 'The newest container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -l no-trunc -d 'Full ids and commands'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s q -l quiet -d 'Ids alone, where there is no --format'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s s -l size -d 'Add up the containers\' files'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -l external -d 'Containers of other tools, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s p -l pod -d 'The pod of each container, by id and name'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -l sync -d 'Look at the processes themselves and not at what was noted of them, which is always done'
complete -c coracle -n "__fish_coracle_using_subcommand ls" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand list" -s f -l filter -d 'Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy, should-start-on-boot' -r
complete -c coracle -n "__fish_coracle_using_subcommand list" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand list" -s n -l last -d 'The newest N containers, running or not' -r
complete -c coracle -n "__fish_coracle_using_subcommand list" -s w -l watch -d 'Show the list again after every so many seconds, until ctrl-c' -r
complete -c coracle -n "__fish_coracle_using_subcommand list" -l sort -d 'The order' -r -f -a "command\t''
created\t''
id\t''
image\t''
names\t''
runningfor\t''
size\t''
status\t''"
complete -c coracle -n "__fish_coracle_using_subcommand list" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand list" -s l -l latest -d 'The newest container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand list" -l no-trunc -d 'Full ids and commands'
complete -c coracle -n "__fish_coracle_using_subcommand list" -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand list" -s q -l quiet -d 'Ids alone, where there is no --format'
complete -c coracle -n "__fish_coracle_using_subcommand list" -s s -l size -d 'Add up the containers\' files'
complete -c coracle -n "__fish_coracle_using_subcommand list" -l external -d 'Containers of other tools, too; there are none in this store, so this changes nothing'
complete -c coracle -n "__fish_coracle_using_subcommand list" -s p -l pod -d 'The pod of each container, by id and name'
complete -c coracle -n "__fish_coracle_using_subcommand list" -l sync -d 'Look at the processes themselves and not at what was noted of them, which is always done'
complete -c coracle -n "__fish_coracle_using_subcommand list" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "diff" -d 'List what an image changes (C), adds (A) and deletes (D): its topmost layer in those below it, or all of it in another image'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "exists" -d 'Check whether an image is in the store: exit code 0 or 1'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "history" -d 'Show how an image came to be, the latest step first'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "import" -d 'Make an image from a tar of a root folder'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "inspect" -d 'Show all that is known of images, as JSON'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "load" -d 'Load images from an archive'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "ls" -d 'List images'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "list" -d 'List images'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "mount" -d 'Mount images read-only, to look at their files; in a `coracle unshare` session'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "prune" -d 'Remove images without a name that no container uses'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "pull" -d 'Pull images from a registry'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "push" -d 'Push an image to a registry, or to a place on disk'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "rm" -d 'Remove images'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "save" -d 'Save images to an archive or a folder'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "scp" -d 'Copy an image to another machine or from there, over ssh'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "search" -d 'Search registries for images'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "sign" -d 'What comes with a command that is not offered'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "tag" -d 'Give an image more names'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "tree" -d 'Show the layers of an image, the lowest first, and whose topmost each one is'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "trust" -d 'What comes with a command that is not offered'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "unmount" -d 'Unmount images'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "umount" -d 'Unmount images'
complete -c coracle -n "__fish_coracle_using_subcommand image; and not __fish_seen_subcommand_from diff exists history import inspect load ls list mount prune pull push rm save scp search sign tag tree trust unmount umount untag" -f -a "untag" -d 'Take names away from an image'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from diff" -l format -d 'Print JSON' -r -f -a "json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from history" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from history" -s H -l human -d 'Print ages and units; with =false times and bytes' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from history" -l no-trunc -d 'Print ids and commands whole'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from history" -s q -l quiet -d 'Print ids alone'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -s c -l change -d 'Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -s m -l message -d 'What to say in the image\'s history' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from inspect" -s f -l format -d 'json or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from load" -s i -l input -d 'The archive or folder; standard input where not given' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from load" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from load" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -l sort -d 'By what to sort' -r -f -a "created\t''
id\t''
repository\t''
size\t''
tag\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -s f -l filter -d 'Only images that fit: reference=PATTERN, dangling=BOOL, label=KEY[=VALUE], before=IMAGE, since=IMAGE, until=TIME, id=ID, digest=DIGEST, containers=BOOL, intermediate=BOOL, readonly=BOOL, manifest=BOOL' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -s a -l all -d 'All images; there are no hidden ones here'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Only ids'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -l no-trunc -d 'Show ids whole'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -l digests -d 'Show digests of manifests'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -l history -d 'Show all names of each image'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -l sort -d 'By what to sort' -r -f -a "created\t''
id\t''
repository\t''
size\t''
tag\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -s f -l filter -d 'Only images that fit: reference=PATTERN, dangling=BOOL, label=KEY[=VALUE], before=IMAGE, since=IMAGE, until=TIME, id=ID, digest=DIGEST, containers=BOOL, intermediate=BOOL, readonly=BOOL, manifest=BOOL' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -s a -l all -d 'All images; there are no hidden ones here'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Only ids'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -l no-trunc -d 'Show ids whole'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -l digests -d 'Show digests of manifests'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -l history -d 'Show all names of each image'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from mount" -l format -d 'Print JSON' -r -f -a "json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from mount" -s a -l all -d 'Every image'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from mount" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from prune" -l filter -d 'Only images that match KEY=VALUE: label, label!, until' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from prune" -s a -l all -d 'Also those with names'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from prune" -l external -d 'Taken for the sake of scripts: no other tool has containers in this store'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from prune" -l build-cache -d 'Taken for the sake of scripts: no cache of builds is kept here'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from prune" -s f -l force -d 'Do not ask'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l platform -d 'OS/ARCH[/VARIANT]; this machine\'s where not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l policy -d 'When to ask the registry' -r -f -a "always\t''
missing\t''
newer\t''
never\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l decryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -s a -l all-tags -d 'Pull every tag of the repository'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -l disable-content-trust -d 'Taken for the sake of scripts: signatures of Docker\'s content trust are never asked for'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -s f -l format -d 'The kind of manifest; as the image was pulled where not given' -r -f -a "oci\t''
v2s2\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l compression-format -d 'How layers are compressed; as they were pulled where not given' -r -f -a "gzip\t''
zstd\t''
none\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l compression-level -d 'The level of the compression' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l force-compression -d 'Do not take a blob of another compression that the registry has; so it is where --compression-format is given' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l digestfile -d 'Write the manifest\'s digest into this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l sign-by -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l sign-by-sigstore -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l sign-by-sigstore-private-key -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l sign-passphrase-file -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l encryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l encrypt-layer -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l compress -d 'Compress the layers of a dir: by gzip'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l disable-content-trust -d 'Taken for the sake of scripts, as Podman does'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -l remove-signatures -d 'Taken for the sake of scripts: signatures are never pushed'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from rm" -s a -l all -d 'All images that no container uses'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from rm" -s f -l force -d 'Also an image with several names, when it is given by id, and one that containers use: they are stopped and removed, too. One that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from rm" -s i -l ignore -d 'An image that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from rm" -l no-prune -d 'Taken for the sake of scripts: no other image is ever removed along with one'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -s o -l output -d 'Write to this file or folder and not to standard output; it appears when it is whole' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -l format -d 'What to write' -r -f -a "docker-archive\t''
oci-archive\t''
oci-dir\t''
docker-dir\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -s m -l multi-image-archive -d 'Every argument is an image'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -l compress -d 'Compress the layers of a docker-dir by gzip'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -l uncompressed -d 'Leave the layers of oci-archive and oci-dir uncompressed'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from scp" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from scp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l limit -d 'How many to show (25; of tags, all)' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -s f -l filter -d 'Only images that fit: stars=NUMBER, is-official[=BOOL], is-automated[=BOOL]' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l list-tags -d 'List the tags of the repository'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l no-trunc -d 'Show descriptions whole'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -l compatible -d 'Show stars, and which are official or automated'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from tag" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from tree" -l whatrequires -d 'Show the images that stand on this one and not its layers'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from tree" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from unmount" -s a -l all -d 'Every image that is mounted'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from unmount" -s f -l force -d 'Also where files of it are in use: they stay usable until they are closed'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from unmount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from umount" -s a -l all -d 'Every image that is mounted'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from umount" -s f -l force -d 'Also where files of it are in use: they stay usable until they are closed'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from umount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand image; and __fish_seen_subcommand_from untag" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand images" -l sort -d 'By what to sort' -r -f -a "created\t''
id\t''
repository\t''
size\t''
tag\t''"
complete -c coracle -n "__fish_coracle_using_subcommand images" -s f -l filter -d 'Only images that fit: reference=PATTERN, dangling=BOOL, label=KEY[=VALUE], before=IMAGE, since=IMAGE, until=TIME, id=ID, digest=DIGEST, containers=BOOL, intermediate=BOOL, readonly=BOOL, manifest=BOOL' -r
complete -c coracle -n "__fish_coracle_using_subcommand images" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand images" -s a -l all -d 'All images; there are no hidden ones here'
complete -c coracle -n "__fish_coracle_using_subcommand images" -s q -l quiet -d 'Only ids'
complete -c coracle -n "__fish_coracle_using_subcommand images" -l no-trunc -d 'Show ids whole'
complete -c coracle -n "__fish_coracle_using_subcommand images" -l digests -d 'Show digests of manifests'
complete -c coracle -n "__fish_coracle_using_subcommand images" -l history -d 'Show all names of each image'
complete -c coracle -n "__fish_coracle_using_subcommand images" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand images" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and not __fish_seen_subcommand_from restart check sweep netd way-out" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and not __fish_seen_subcommand_from restart check sweep netd way-out" -f -a "restart" -d 'Start a container again in this process, which is its monitor'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and not __fish_seen_subcommand_from restart check sweep netd way-out" -f -a "check" -d 'Check a container\'s health; the code says what the monitor has to do'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and not __fish_seen_subcommand_from restart check sweep netd way-out" -f -a "sweep" -d 'Remove what is left of containers that are gone'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and not __fish_seen_subcommand_from restart check sweep netd way-out" -f -a "netd" -d 'Answer for names and published ports'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and not __fish_seen_subcommand_from restart check sweep netd way-out" -f -a "way-out" -d 'Join the session network namespace to the host anew'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l data -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l run -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l restarts -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l backoff -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l listen -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l client -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l monitor -d 'The monitor\'s own program' -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l notify -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -l session-entry -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from check" -l data -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from check" -l run -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from sweep" -l data -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from sweep" -l run -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from sweep" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from netd" -l data -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from netd" -l run -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from netd" -l report -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from netd" -l session-entry -r -F
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from netd" -l idle -d 'Milliseconds' -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from netd" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from way-out" -l namespace -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from way-out" -l route -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from way-out" -l collar -r
complete -c coracle -n "__fish_coracle_using_subcommand internal; and __fish_seen_subcommand_from way-out" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand import" -s c -l change -d 'Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR' -r
complete -c coracle -n "__fish_coracle_using_subcommand import" -s m -l message -d 'What to say in the image\'s history' -r
complete -c coracle -n "__fish_coracle_using_subcommand import" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand import" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand import" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand import" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand import" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand load" -s i -l input -d 'The archive or folder; standard input where not given' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand load" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand load" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand login" -s u -l username -d 'The user\'s name' -r
complete -c coracle -n "__fish_coracle_using_subcommand login" -s p -l password -d 'The password; others may see it in the list of processes' -r
complete -c coracle -n "__fish_coracle_using_subcommand login" -l secret -d 'Take the password from a secret of the store; its name is the user\'s where --username is not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand login" -l compat-auth-file -d 'Docker\'s file of credentials to write, instead of ours' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand login" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand login" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand login" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand login" -l password-stdin -d 'Read the password from standard input'
complete -c coracle -n "__fish_coracle_using_subcommand login" -l get-login -d 'Print who is logged in, and do nothing'
complete -c coracle -n "__fish_coracle_using_subcommand login" -l session -d 'Keep the credentials only until the end of the login session'
complete -c coracle -n "__fish_coracle_using_subcommand login" -s v -l verbose -d 'Say where the credentials are kept'
complete -c coracle -n "__fish_coracle_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand logout" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand logout" -l compat-auth-file -d 'Docker\'s file of credentials, instead of ours' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand logout" -l tls-verify -d 'Taken for the sake of scripts: no registry is asked' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand logout" -s a -l all -d 'Of all registries'
complete -c coracle -n "__fish_coracle_using_subcommand logout" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand logs" -l tail -d 'Show only the last lines; a negative number means all' -r
complete -c coracle -n "__fish_coracle_using_subcommand logs" -l since -d 'Show only what came at this time or later: a time (2026-11-21T03:00:00Z, seconds since 1970) or how long ago (10m)' -r
complete -c coracle -n "__fish_coracle_using_subcommand logs" -l until -d 'Show only what came until this time' -r
complete -c coracle -n "__fish_coracle_using_subcommand logs" -s f -l follow -d 'Go on until the containers have ended'
complete -c coracle -n "__fish_coracle_using_subcommand logs" -s t -l timestamps -d 'Show the time of each line'
complete -c coracle -n "__fish_coracle_using_subcommand logs" -s n -l names -d 'With several containers, show names and not ids'
complete -c coracle -n "__fish_coracle_using_subcommand logs" -l color -d 'With several containers, a colour for each'
complete -c coracle -n "__fish_coracle_using_subcommand logs" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand logs" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "add" -d 'Add an image to a manifest list'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "annotate" -d 'Change what a list says of an image in it'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "create" -d 'Make a manifest list, with images in it perhaps'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "exists" -d 'Check whether a manifest list is in the store: exit code 0 or 1'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "inspect" -d 'Show a manifest list of the store, or else a list or manifest of a registry'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "push" -d 'Push a manifest list, and its images where the registry does not have them'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "remove" -d 'Take an image out of a manifest list'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and not __fish_seen_subcommand_from add annotate create exists inspect push remove rm" -f -a "rm" -d 'Remove manifest lists from the store; the images in them stay'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l annotation -d 'An annotation, KEY=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l arch -d 'The architecture, instead of the image\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l features -d 'Features of the processor that it needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l os -d 'The operating system, instead of the image\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l os-features -d 'Features of the operating system that it needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l os-version -d 'The version of the operating system that it needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l variant -d 'The variant of the architecture, instead of the image\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -l all -d 'Of an image that is a list itself: take all of its images'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l annotation -d 'An annotation, KEY=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l arch -d 'The architecture, instead of the image\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l features -d 'Features of the processor that it needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l os -d 'The operating system, instead of the image\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l os-features -d 'Features of the operating system that it needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l os-version -d 'The version of the operating system that it needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l variant -d 'The variant of the architecture, instead of the image\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -l index -d 'Change the annotations of the list itself'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from annotate" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l annotation -d 'An annotation of the list, KEY=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -l all -d 'Of an image that is a list itself: take all of its images'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -s a -l amend -d 'Add to a list of this name that is there already'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l all -d 'Also push the images of the list; with =false the registry has to have them' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -s f -l format -d 'The kind of list; what fits its images where not given' -r -f -a "oci\t''
v2s2\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l compression-format -d 'How layers are compressed; as they were pulled where not given' -r -f -a "gzip\t''
zstd\t''
none\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l compression-level -d 'The level of the compression' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l force-compression -d 'Do not take a blob of another compression that the registry has; so it is where --compression-format is given' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l add-compression -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l digestfile -d 'Write the list\'s digest into this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l sign-by -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l sign-by-sigstore -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l sign-by-sigstore-private-key -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l sign-passphrase-file -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l encryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l encrypt-layer -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l rm -l purge -d 'Remove the list from the store afterwards'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -l remove-signatures -d 'Taken for the sake of scripts: signatures are never pushed'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from rm" -s i -l ignore -d 'A list that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand manifest; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand mount" -l format -d 'Print JSON' -r -f -a "json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand mount" -s a -l all -d 'Every container'
complete -c coracle -n "__fish_coracle_using_subcommand mount" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand mount" -l no-trunc -d 'Print whole ids in the list'
complete -c coracle -n "__fish_coracle_using_subcommand mount" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "connect" -d 'Join a container to one more network'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "create" -d 'Make a network'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "disconnect" -d 'Take a container off a network'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "exists" -d 'Check whether a network exists: exit code 0 or 1'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "inspect" -d 'Show everything about networks'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "ls" -d 'List networks'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "list" -d 'List networks'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "prune" -d 'Remove all networks that no container is joined to'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "reload" -d 'Make what belongs to the networks of running containers anew: names, ports, rules'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "rm" -d 'Remove networks'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "remove" -d 'Remove networks'
complete -c coracle -n "__fish_coracle_using_subcommand network; and not __fish_seen_subcommand_from connect create disconnect exists inspect ls list prune reload rm remove update" -f -a "update" -d 'Change the name servers of a network'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from connect" -l alias -d 'A name by which others of the network find the container; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from connect" -l ip -d 'The container\'s IPv4 address in the network' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from connect" -l ip6 -d 'The container\'s IPv6 address in the network' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from connect" -l mac-address -d 'The hardware address of the container\'s interface' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l dns -d 'Ask this name server for names that no container has, instead of the host\'s; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -s d -l driver -d 'The kind of network: bridge' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l gateway -d 'The bridge\'s own address in the subnet (the first one where it is not given)' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l interface-name -d 'The name of the bridge' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l ip-range -d 'Give containers addresses of this part of the subnet: SUBNET or FIRST-LAST' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l ipam-driver -d 'Who gives addresses: host-local' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -s o -l opt -d 'An option of the driver: mtu=BYTES, metric=NUMBER, isolate=true|strict, no_default_route=true' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l route -d 'A route for the containers: SUBNET,GATEWAY[,METRIC]' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l subnet -d 'The addresses of the network, such as 10.1.2.0/24' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l disable-dns -d 'Containers do not find each other by name'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l ignore -d 'A network of that name that is there already is no error'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l internal -d 'Let nothing out of the network and nothing in'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -l ipv6 -d 'Use IPv6 too: a subnet is chosen where none is given'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from disconnect" -s f -l force -d 'A container that is not joined to the network is no error'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from disconnect" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from inspect" -s f -l format -d 'json, or a Go template that is run for each network' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from ls" -s f -l filter -d 'Only networks that fit: name=, id=, driver=, label=, label!=, dangling=BOOL, until=TIME' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from ls" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from ls" -l no-trunc -d 'Whole ids'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from ls" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Only names'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from list" -s f -l filter -d 'Only networks that fit: name=, id=, driver=, label=, label!=, dangling=BOOL, until=TIME' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from list" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from list" -l no-trunc -d 'Whole ids'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from list" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Only names'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from prune" -l filter -d 'Only networks that fit: label=, label!=, until=TIME' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from prune" -s f -l force -d 'Do not ask first'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from reload" -s a -l all -d 'Every running container on a network'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from reload" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from reload" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from rm" -s t -l time -l timeout -d 'With --force, send the stop signal first and wait this many seconds before SIGKILL' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from rm" -s f -l force -d 'Remove the containers that are joined to it first, running ones too; a network that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from remove" -s t -l time -l timeout -d 'With --force, send the stop signal first and wait this many seconds before SIGKILL' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from remove" -s f -l force -d 'Remove the containers that are joined to it first, running ones too; a network that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from update" -l dns-add -d 'Ask this name server for names that no container has, instead of the host\'s' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from update" -l dns-drop -d 'Do not ask this one any more' -r
complete -c coracle -n "__fish_coracle_using_subcommand network; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -s v -l version -d 'Print version'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "create" -d 'Make a container from a bundle; its program waits for `start`'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "delete" -d 'Take a stopped container away'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "exec" -d 'Run one more process in a running container'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "features" -d 'Print what this runtime can do as JSON'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "kill" -d 'Send a signal to a container\'s first process'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "list" -d 'List the containers'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "pause" -d 'Have all processes of a container stand still'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "ps" -d 'List the processes of a container'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "resume" -d 'Have the processes of a paused container go on'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "run" -d 'Create a container, start it, and wait for its end'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "spec" -d 'Write a configuration to begin with'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "start" -d 'Run the program of a created container'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "state" -d 'Print the state of a container as JSON'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and not __fish_seen_subcommand_from create delete exec features kill list pause ps resume run spec start state update" -f -a "update" -d 'Change the limits of a container'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -s b -l bundle -d 'The bundle\'s folder, in which config.json is' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -s f -l config -d 'The configuration\'s file in the bundle, where it is not config.json' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l pid-file -d 'Write the pid of the container\'s first process to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l console-socket -d 'Send the other end of the container\'s terminal to this socket' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l preserve-fds -d 'Pass this many open descriptors on to the container, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l no-pivot -d 'Put the root file system over the old root, and do not take that away: for an initial ramfs'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l no-new-keyring -d 'Leave the container in the caller\'s session keyring'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -s f -l force -d 'Kill it first where it lives; one that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l regex -d 'The id is a pattern (a regular expression): take all containers away in whose ids it is found'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l cwd -d 'Its working directory' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s e -l env -d 'Set a variable' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s u -l user -d 'The ids that it runs as' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s g -l additional-gids -d 'More groups' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s p -l process -d 'Read the process from a file: its form is that of config.json\'s process' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l pid-file -d 'Write its pid to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l console-socket -d 'Send the other end of its terminal to this socket' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l preserve-fds -d 'Pass this many open descriptors on, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s c -l cap -d 'Add a capability' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l apparmor -d 'The AppArmor profile' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l process-label -d 'The SELinux label' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l cgroup -d 'Run it in a cgroup below the container\'s own' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s t -l tty -d 'Give it a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s d -l detach -d 'Do not wait for its end'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l no-new-privs -d 'Let it gain no privileges'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l ignore-paused -d 'Join a paused container, too'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from features" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -s a -l all -d 'Send it to all processes of the container'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from kill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -s f -l format -d 'Form of the list' -r -f -a "table\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids only'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -s f -l format -d 'Form of the list' -r -f -a "table\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from ps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -s b -l bundle -d 'The bundle\'s folder, in which config.json is' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -s f -l config -d 'The configuration\'s file in the bundle, where it is not config.json' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l pid-file -d 'Write the pid of the container\'s first process to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l console-socket -d 'Send the other end of the container\'s terminal to this socket' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l preserve-fds -d 'Pass this many open descriptors on to the container, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l no-pivot -d 'Put the root file system over the old root, and do not take that away: for an initial ramfs'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l no-new-keyring -d 'Leave the container in the caller\'s session keyring'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -s d -l detach -d 'Do not wait for its end'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l keep -d 'Do not delete the container after its end'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l no-subreaper -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -s b -l bundle -d 'The folder that config.json is written to' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from spec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from state" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -s r -l resources -d 'Read them from a file, or from standard input (-): their form is that of config.json\'s linux.resources' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l memory -d 'Bytes of memory; -1 is no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l memory-reservation -d 'Bytes of memory that are taken back last' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l memory-swap -d 'Bytes of memory and swap together' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l cpu-period -d 'Microseconds of a processor period' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l cpu-quota -d 'Microseconds of processor time in a period; -1 is no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l cpu-share -l cpu-shares -d 'Share of processor time; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l cpuset-cpus -d 'Processors that it may use' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l cpuset-mems -d 'Memory nodes that it may use' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l pids-limit -d 'Tasks; -1 is no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l blkio-weight -d 'Share of disk time, 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l root -d 'Keep the containers\' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l log -d 'Write errors to this file, too' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l log-format -d 'Form of the lines in that file' -r -f -a "text\t''
json\t''"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l log-level -d 'Accepted for other runtimes\' sake: errors and warnings are written' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l cgroup-manager -d 'The same as a word' -r -f -a "cgroupfs\t''
systemd\t''
disabled\t'No cgroup is made; a limit is then an error'"
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l rootless -d 'Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes\' sake' -r
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l debug -d 'Accepted for other runtimes\' sake'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -l systemd-cgroup -d 'Have systemd make the cgroups: their path is slice:prefix:name'
complete -c coracle -n "__fish_coracle_using_subcommand oci; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand pause" -s f -l filter -d 'Running containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand pause" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand pause" -s a -l all -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand pause" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand port" -s a -l all -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand port" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand port" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l platform -d 'OS/ARCH[/VARIANT]; this machine\'s where not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l policy -d 'When to ask the registry' -r -f -a "always\t''
missing\t''
newer\t''
never\t''"
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l decryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand pull" -s a -l all-tags -d 'Pull every tag of the repository'
complete -c coracle -n "__fish_coracle_using_subcommand pull" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand pull" -l disable-content-trust -d 'Taken for the sake of scripts: signatures of Docker\'s content trust are never asked for'
complete -c coracle -n "__fish_coracle_using_subcommand pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand push" -s f -l format -d 'The kind of manifest; as the image was pulled where not given' -r -f -a "oci\t''
v2s2\t''"
complete -c coracle -n "__fish_coracle_using_subcommand push" -l compression-format -d 'How layers are compressed; as they were pulled where not given' -r -f -a "gzip\t''
zstd\t''
none\t''"
complete -c coracle -n "__fish_coracle_using_subcommand push" -l compression-level -d 'The level of the compression' -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l force-compression -d 'Do not take a blob of another compression that the registry has; so it is where --compression-format is given' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand push" -l digestfile -d 'Write the manifest\'s digest into this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand push" -l sign-by -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l sign-by-sigstore -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l sign-by-sigstore-private-key -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l sign-passphrase-file -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l encryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l encrypt-layer -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand push" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand push" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand push" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand push" -l compress -d 'Compress the layers of a dir: by gzip'
complete -c coracle -n "__fish_coracle_using_subcommand push" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand push" -l disable-content-trust -d 'Taken for the sake of scripts, as Podman does'
complete -c coracle -n "__fish_coracle_using_subcommand push" -l remove-signatures -d 'Taken for the sake of scripts: signatures are never pushed'
complete -c coracle -n "__fish_coracle_using_subcommand push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand rename" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand restart" -s t -l time -l timeout -d 'How many seconds to wait before SIGKILL; 0 kills at once, -1 waits for ever' -r
complete -c coracle -n "__fish_coracle_using_subcommand restart" -s f -l filter -d 'Containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand restart" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand restart" -s a -l all -d 'Every container, running or not'
complete -c coracle -n "__fish_coracle_using_subcommand restart" -l running -d 'Every running container'
complete -c coracle -n "__fish_coracle_using_subcommand restart" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand restart" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s t -l time -l timeout -d 'With --force, send the stop signal first and wait this many seconds before SIGKILL' -r
complete -c coracle -n "__fish_coracle_using_subcommand rm" -l filter -d 'Containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand rm" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s f -l force -d 'Kill a running container first'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s v -l volumes -d 'Remove the container\'s anonymous volumes too'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s a -l all -d 'Every container'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -l depend -d 'First remove the containers that require these'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s i -l ignore -d 'A container that does not exist is no error'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand rm" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand rmi" -s a -l all -d 'All images that no container uses'
complete -c coracle -n "__fish_coracle_using_subcommand rmi" -s f -l force -d 'Also an image with several names, when it is given by id, and one that containers use: they are stopped and removed, too. One that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand rmi" -s i -l ignore -d 'An image that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand rmi" -l no-prune -d 'Taken for the sake of scripts: no other image is ever removed along with one'
complete -c coracle -n "__fish_coracle_using_subcommand rmi" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand run" -s a -l attach -d 'Show only this stream: stdout or stderr, or both by giving it twice; with -i stdin alone, which prints the id' -r -f -a "stdin\t''
stdout\t''
stderr\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l detach-keys -d 'The keys that leave the container running and return here; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l sig-proxy -d 'Pass signals on to the container' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l preserve-fds -d 'Pass this many open descriptors on to the container, from 3 up' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l preserve-fd -d 'Pass these open descriptors on to the container, under their numbers' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l name -d 'Give the container a name' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l requires -d 'Start these containers before this one, by name or id; they cannot be removed while it is there' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cidfile -d 'Write the container\'s id to this file, which must not exist' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -s e -l env -d 'Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l env-file -d 'Read variables from a file, one a line; those of --env win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l env-host -d 'Pass the whole environment on from here' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l env-merge -d 'Set a variable from others of the image: NAME=text with ${OTHER}' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l unsetenv -d 'Leave a variable of the image out' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l http-proxy -d 'Pass the variables that name proxies on from here (default true)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -s l -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l label-file -d 'Read labels from a file, one a line; those of --label win' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l annotation -d 'Add an annotation: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s v -l volume -d 'Mount a folder of the host or a volume: [HOST-PATH|VOLUME:]CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l mount -d 'Mount something: type=bind|volume|tmpfs|image|devpts|ramfs|glob,src=SOURCE,dst=CONTAINER-PATH[,OPTION…]' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l tmpfs -d 'Mount a file system in memory: CONTAINER-PATH[:OPTIONS]' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l volumes-from -d 'Mount the volumes and folders of another container: CONTAINER[:ro|rw]' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l image-volume -d 'What becomes of the image\'s volumes: bind (default; an anonymous volume; also: anonymous), tmpfs, ignore' -r -f -a "bind\t''
tmpfs\t''
ignore\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l read-only -d 'Make the container\'s root file system read-only' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l read-only-tmpfs -d 'With --read-only, keep /run, /tmp and /var/tmp (in memory), /dev and /dev/shm writable' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l shm-size -d 'The size of /dev/shm: a number with b, k, m or g; 0 for no limit' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s u -l user -d 'Run as this user of the container: name or number, with :group or without' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l group-add -d 'Add a group: name or number of the container; keep-groups alone keeps the groups that you have' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l umask -d 'The umask of the program, in octal (default 0022)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l userns -d 'Choose the ids: host (default), keep-id[:uid=UID,gid=GID,size=SIZE], nomap, auto[:size=SIZE,…], private, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l uidmap -d 'Map user ids: CONTAINER:FROM[:COUNT], FROM counted in your own id (0) and your subordinate ids (1…), or @HOST-ID; + before it adds to the usual map; u or g limits it to users or groups' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l gidmap -d 'Map group ids; without it --uidmap serves both' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l subuidname -d 'Map all ids that this name has in /etc/subuid' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l subgidname -d 'Map all ids that this name has in /etc/subgid' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l passwd -d 'Add entries for who the program runs as to the container\'s passwd and group files where they have none' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l passwd-entry -d 'The passwd entry to add, with $USERNAME, $UID, $GID, $NAME, $HOME' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l group-entry -d 'The group entry to add, with $GROUPNAME, $GID, $USERLIST' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l hostuser -d 'Add a user of the host to the container\'s passwd file' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l pid -d 'Choose the processes that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l ipc -d 'Choose shared memory and message queues: shareable (default), private, none, host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l uts -d 'Choose the host name\'s namespace: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cgroupns -d 'Choose the cgroups that are seen: private (default), host, container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l network -l net -d 'Choose the network: NAME[:OPTION,…], bridge[:OPTION,…], none, host, private, pasta[:ARGUMENT,…], slirp4netns[:OPTION,…], container:NAME, ns:PATH' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l ip -d 'The container\'s IPv4 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l ip6 -d 'The container\'s IPv6 address in its network' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l mac-address -d 'The hardware address of the container\'s interface' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l network-alias -d 'A name by which others of the container\'s networks find it; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s p -l publish -d 'Let a port of the host lead into the container: [[IP:][HOSTPORT]:]PORT[/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l expose -d 'Name a port of the container, or a range: PORT[-PORT][/PROTOCOL]; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s m -l memory -d 'Bound the memory: a number with b, k, m or g' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l memory-swap -d 'Bound memory and swap together; -1: no bound on swap (default: twice the memory)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l memory-reservation -d 'Memory that is taken back from the container last' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l memory-swappiness -d 'Only with cgroup v1, so never for an ordinary user: -1 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l oom-kill-disable -d 'Only with cgroup v1: false alone is accepted' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l pids-limit -d 'Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpus -d 'How many processors\' time: 1.5' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s c -l cpu-shares -d 'A share of the time when processors are short; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpu-quota -d 'Microseconds of processor time in each period; -1: no bound' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpu-period -d 'The length of that period in microseconds (default: 100000)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpu-rt-period -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpu-rt-runtime -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpuset-cpus -d 'The processors to run on: 0-3,8' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cpuset-mems -d 'The memory nodes to use: 0-1' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l blkio-weight -d 'A share of the disks\' time: 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l blkio-weight-device -d 'A share of one disk\'s time: /dev/sda:100' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l device-read-bps -d 'Bound the bytes that are read from a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l device-write-bps -d 'Bound the bytes that are written to a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l device-read-iops -d 'Bound the reads from a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l device-write-iops -d 'Bound the writes to a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cgroup-conf -d 'Write to a file of the container\'s cgroup: memory.high=1073741824; may be given several times' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cgroup-parent -d 'Make the container\'s cgroup below this one: a slice of your systemd, or a path below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cgroups -d 'The container\'s cgroup: enabled; disabled: none; no-conmon: the monitor stays in the caller\'s; split: below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cap-add -d 'Add capabilities: names with or without CAP_, or ALL; a user other than root has these and no others' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cap-drop -d 'Take capabilities away: names with or without CAP_, or ALL' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l privileged -d 'Give every capability, the devices that you can open, and no masks and no system call filter; nothing beyond your own rights' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l security-opt -d 'Set a security option: no-new-privileges, seccomp=unconfined or FILE, mask=PATHS, unmask=ALL or PATHS, proc-opts=OPTIONS, systempaths=unconfined, label=disable, apparmor=unconfined' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l device -d 'Give the container a device of the host that you can open, or all in a folder: PATH[:PATH-IN-CONTAINER][:rwm]; or one that a CDI spec describes: VENDOR/CLASS=NAME' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l gpus -d 'Give the container GPUs that a CDI spec describes: all, or numbers or names' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cdi-spec-dir -d 'Look for CDI specs in this folder, too (after /etc/cdi and /var/run/cdi)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l hooks-dir -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l device-cgroup-rule -d 'Not to be had without root: the kernel lets only root filter the devices of a cgroup' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l seccomp-policy -d 'Where the system call filter comes from: default, or image (its label io.containers.seccomp.profile)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s h -l hostname -d 'Set the host name' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l add-host -d 'Add a line to /etc/hosts: NAME[;NAME…]:ADDRESS, where host-gateway stands for the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l dns -d 'Ask this name server; none leaves the image\'s /etc/resolv.conf as it is' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l dns-option -l dns-opt -d 'Set an option of the resolver' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l dns-search -d 'Look names up in this domain; . for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l no-hosts -d 'Leave the image\'s /etc/hosts as it is' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l hosts-file -d 'Begin /etc/hosts with that of this path; none for nothing' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l ulimit -d 'Set a resource limit, NAME=SOFT[:HARD] with -1 for none; or host: all of the caller\'s as they are' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l sysctl -d 'Set a kernel setting of the container\'s own namespaces: NAME=VALUE' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l oom-score-adj -d 'How readily the kernel kills the container when memory is short, from -1000 to 1000; not below the caller\'s own' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l secret -d 'Give the container a secret: NAME[,type=mount|env][,target=PATH or VARIABLE][,uid=,gid=,mode=]; as a file in /run/secrets, or as a variable, which every process of the container can read' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l init -d 'Run a small program as process 1 that passes signals on and reaps orphans' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l init-path -d 'Take this program of the host for --init instead of the one that is built in' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l tz -d 'Set the time zone: a name like Europe/Vienna, or local for that of the host' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l systemd -d 'Prepare the container for systemd: false, or true, which is the same here' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l personality -d 'Set the kernel\'s personality; only LINUX, which every process has, is offered' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l stop-signal -d 'The signal that `stop` sends' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l stop-timeout -d 'How many seconds `stop` waits before it kills' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l timeout -d 'Kill the container when it has run for so many seconds; 0 for never' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l restart -d 'When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l log-driver -d 'Where the output goes: k8s-file (also json-file), journald, none, passthrough (our own streams), passthrough-tty' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l log-opt -d 'An option of the log driver: max-size=SIZE, max-file=NUMBER, path=FILE; for journald tag=TEXT, label=FIELD=TEXT' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l sdnotify -d 'Who tells systemd that the container is ready: container, conmon (this command), healthy (its health check), ignore' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l pidfile -d 'Write the pid that the container\'s first process has on this host to this file, at each start' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l conmon-pidfile -d 'Write the pid of the container\'s monitor to this file' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-cmd -d 'Check the container\'s health by this command: a text for its shell, or a JSON array of words; none for no check' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-interval -d 'The time between two checks (30s); disable to check only by `healthcheck run`' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-timeout -d 'How long a check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-retries -d 'How many failures in a row make the container unhealthy (3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-start-period -d 'For so long after the start failures do not count' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-start-interval -d 'The time between two checks during the start period (5s, or the interval where that is shorter)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-on-failure -d 'What to do when the container is unhealthy: none, kill, restart, stop' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-startup-cmd -d 'Check by this command first, until it succeeds' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-startup-interval -d 'The time between two startup checks (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-startup-retries -d 'How many failures of the startup check start the container anew; 0 for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-startup-success -d 'How many successes in a row the startup check needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-startup-timeout -d 'How long a startup check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-log-destination -d 'Where outcomes are kept: local (with the container), events_logger, or a folder' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-max-log-count -d 'How many outcomes are kept (5); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l health-max-log-size -d 'How many bytes of each outcome\'s output are kept (500); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s w -l workdir -d 'Begin in this folder of the container' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l entrypoint -d 'Replace the image\'s entrypoint: a program, or a JSON array of program and arguments; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l pull -d 'When to pull the image: missing (default), always, newer, never' -r -f -a "always\t''
missing\t''
newer\t''
never\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l platform -d 'OS/ARCH[/VARIANT]; this machine\'s where not given' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l os -d 'The operating system' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l arch -d 'The architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l variant -d 'The variant of the architecture' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand run" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -l disable-content-trust -d 'Not needed: signatures of Docker\'s content trust are never asked for' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand run" -l decryption-key -r
complete -c coracle -n "__fish_coracle_using_subcommand run" -s d -l detach -d 'Run in the background and print the container\'s id'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l rmi -d 'Remove the image, too, when the container has ended, unless another container uses it; implies --rm'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l replace -d 'Remove the container that has the name, also a running one'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l rm -d 'Remove the container when it has ended'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l unsetenv-all -d 'Leave all variables of the image out'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l rootfs -d 'The image is the path of a folder that holds a root file system; PATH:O keeps what the container writes out of it'
complete -c coracle -n "__fish_coracle_using_subcommand run" -s P -l publish-all -d 'Let free ports of the host lead to all ports that the image or --expose names'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l no-hostname -d 'Leave the image\'s /etc/hostname as it is'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l no-healthcheck -d 'No health check, also where the image has one'
complete -c coracle -n "__fish_coracle_using_subcommand run" -s i -l interactive -d 'Keep the container\'s standard input open'
complete -c coracle -n "__fish_coracle_using_subcommand run" -s t -l tty -d 'Give the container a terminal'
complete -c coracle -n "__fish_coracle_using_subcommand run" -s q -l quiet -d 'Print no progress while an image is pulled'
complete -c coracle -n "__fish_coracle_using_subcommand run" -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand save" -s o -l output -d 'Write to this file or folder and not to standard output; it appears when it is whole' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand save" -l format -d 'What to write' -r -f -a "docker-archive\t''
oci-archive\t''
oci-dir\t''
docker-dir\t''"
complete -c coracle -n "__fish_coracle_using_subcommand save" -s m -l multi-image-archive -d 'Every argument is an image'
complete -c coracle -n "__fish_coracle_using_subcommand save" -s q -l quiet -d 'Print no progress'
complete -c coracle -n "__fish_coracle_using_subcommand save" -l compress -d 'Compress the layers of a docker-dir by gzip'
complete -c coracle -n "__fish_coracle_using_subcommand save" -l uncompressed -d 'Leave the layers of oci-archive and oci-dir uncompressed'
complete -c coracle -n "__fish_coracle_using_subcommand save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand search" -l limit -d 'How many to show (25; of tags, all)' -r
complete -c coracle -n "__fish_coracle_using_subcommand search" -s f -l filter -d 'Only images that fit: stars=NUMBER, is-official[=BOOL], is-automated[=BOOL]' -r
complete -c coracle -n "__fish_coracle_using_subcommand search" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand search" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand search" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand search" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand search" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand search" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand search" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand search" -l list-tags -d 'List the tags of the repository'
complete -c coracle -n "__fish_coracle_using_subcommand search" -l no-trunc -d 'Show descriptions whole'
complete -c coracle -n "__fish_coracle_using_subcommand search" -l compatible -d 'Show stars, and which are official or automated'
complete -c coracle -n "__fish_coracle_using_subcommand search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -f -a "create" -d 'Keep a secret, and print its id'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -f -a "exists" -d 'Check whether there is a secret: exit code 0 or 1'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -f -a "inspect" -d 'Show everything about secrets'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -f -a "ls" -d 'List secrets'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -f -a "list" -d 'List secrets'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and not __fish_seen_subcommand_from create exists inspect ls list rm" -f -a "rm" -d 'Remove secrets; containers keep what they were given'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -s d -l driver -d 'How it is kept: file, in a folder that only you can read' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -l driver-opts -d 'Options of the driver: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -s l -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -l env -d 'Take the value of the environment variable of this name instead of a file'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -l replace -d 'Take the place of a secret of the same name'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -l ignore -d 'Print the id of a secret that is there instead of an error'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from inspect" -s f -l format -d 'json, or a Go template that is run for each secret' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from inspect" -l pretty -d 'Print lines for people'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from inspect" -l showsecret -d 'Show the secrets themselves'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from ls" -s f -l filter -d 'Only secrets that fit: name=PART, id=BEGINNING' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from ls" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from ls" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Only ids'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from list" -s f -l filter -d 'Only secrets that fit: name=PART, id=BEGINNING' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from list" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from list" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Only ids'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from rm" -s a -l all -d 'All secrets'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from rm" -s i -l ignore -d 'No error where there is no such secret'
complete -c coracle -n "__fish_coracle_using_subcommand secret; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand start" -l detach-keys -d 'The keys that leave the container running and return here; "" for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand start" -l sig-proxy -d 'Pass signals on to the container' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand start" -s f -l filter -d 'Containers that match KEY=VALUE and do not run; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand start" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand start" -s a -l attach -d 'Stay in the foreground: show output, return the exit code'
complete -c coracle -n "__fish_coracle_using_subcommand start" -s i -l interactive -d 'Pass standard input on to the container'
complete -c coracle -n "__fish_coracle_using_subcommand start" -l all -d 'Start every container that does not run'
complete -c coracle -n "__fish_coracle_using_subcommand start" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand start" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand stats" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand stats" -s i -l interval -d 'How many seconds lie between two looks' -r
complete -c coracle -n "__fish_coracle_using_subcommand stats" -s a -l all -d 'Also containers that do not run'
complete -c coracle -n "__fish_coracle_using_subcommand stats" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand stats" -l no-reset -d 'Do not clear the terminal before each table'
complete -c coracle -n "__fish_coracle_using_subcommand stats" -l no-stream -d 'Look once'
complete -c coracle -n "__fish_coracle_using_subcommand stats" -l no-trunc -d 'Full ids'
complete -c coracle -n "__fish_coracle_using_subcommand stats" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand stop" -s t -l time -l timeout -d 'How many seconds to wait before SIGKILL; 0 kills at once, -1 waits for ever' -r
complete -c coracle -n "__fish_coracle_using_subcommand stop" -s f -l filter -d 'Running containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand stop" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand stop" -s i -l ignore -d 'A container that does not exist is no error'
complete -c coracle -n "__fish_coracle_using_subcommand stop" -s a -l all -d 'Stop every running container'
complete -c coracle -n "__fish_coracle_using_subcommand stop" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand stop" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -f -a "check" -d 'Check that the images in the store are whole and unchanged'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -f -a "df" -d 'Show what images, containers and volumes take on the disk'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -f -a "events" -d 'Show what happens to containers, images and volumes'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -f -a "info" -d 'Show facts about the host, the store and this program'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -f -a "prune" -d 'Remove everything that is not in use'
complete -c coracle -n "__fish_coracle_using_subcommand system; and not __fish_seen_subcommand_from check df events info prune reset" -f -a "reset" -d 'Remove every container and image, and all files of this program that hold them'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -l tls-verify -d 'Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -l creds -d 'The registry\'s user and password; the password is asked for where it is left out' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -l authfile -d 'The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -l cert-dir -d 'A folder with ca.crt, client.cert and client.key for the registry' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -l retry -d 'How often a request is made again when the registry or the network fails (default 3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -l retry-delay -d 'The pause before that: 5s, 1m30s; where not given it grows from half a second' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -s q -l quick -d 'Only look whether everything is there; read no contents'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -s r -l repair -d 'Pull again what is damaged of images that were pulled, and remove other images that are damaged'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -s f -l force -d 'Remove them also where containers use them, with the containers'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from df" -l format -d 'json, table TEMPLATE or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from df" -s v -l verbose -d 'Every image, container and volume by itself'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from df" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -s f -l filter -d 'Only events that match KEY=VALUE: container, event, image, label, network, pod, secret, type, volume' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -l format -d 'json (an object a line) or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -l no-trunc -d 'Full ids; false cuts them' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -l since -d 'Only events since this time, or since so long ago' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -l stream -d 'Wait for events to come; false shows what has happened and ends' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -l until -d 'Only events until this time, or until so far ahead, or with a minus sign until so long ago' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from info" -s f -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from prune" -l filter -d 'Only what matches KEY=VALUE: label, label!, until' -r
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from prune" -s a -l all -d 'Every image without a container, not only those without a name'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from prune" -s f -l force -d 'Do not ask'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from prune" -l volumes -d 'Volumes that no container mounts, too'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from reset" -s f -l force -d 'Do not ask'
complete -c coracle -n "__fish_coracle_using_subcommand system; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand tag" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand top" -s l -l latest -d 'The container made last; then every word is a column'
complete -c coracle -n "__fish_coracle_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand unpause" -s f -l filter -d 'Paused containers that match KEY=VALUE; the keys are those of ps' -r
complete -c coracle -n "__fish_coracle_using_subcommand unpause" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand unpause" -s a -l all -d 'Every paused container'
complete -c coracle -n "__fish_coracle_using_subcommand unpause" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand unpause" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand unmount" -s a -l all -d 'Every container that is mounted'
complete -c coracle -n "__fish_coracle_using_subcommand unmount" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand unmount" -s f -l force -d 'Also where files of it are in use: they stay usable until they are closed'
complete -c coracle -n "__fish_coracle_using_subcommand unmount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand umount" -s a -l all -d 'Every container that is mounted'
complete -c coracle -n "__fish_coracle_using_subcommand umount" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand umount" -s f -l force -d 'Also where files of it are in use: they stay usable until they are closed'
complete -c coracle -n "__fish_coracle_using_subcommand umount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand unshare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand untag" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand update" -s m -l memory -d 'Bound the memory: a number with b, k, m or g' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l memory-swap -d 'Bound memory and swap together; -1: no bound on swap (default: twice the memory)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l memory-reservation -d 'Memory that is taken back from the container last' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l memory-swappiness -d 'Only with cgroup v1, so never for an ordinary user: -1 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l oom-kill-disable -d 'Only with cgroup v1: false alone is accepted' -r -f -a "true\t''
false\t''"
complete -c coracle -n "__fish_coracle_using_subcommand update" -l pids-limit -d 'Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpus -d 'How many processors\' time: 1.5' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -s c -l cpu-shares -d 'A share of the time when processors are short; 1024 is the usual one' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpu-quota -d 'Microseconds of processor time in each period; -1: no bound' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpu-period -d 'The length of that period in microseconds (default: 100000)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpu-rt-period -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpu-rt-runtime -d 'Only with cgroup v1: 0 alone is accepted' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpuset-cpus -d 'The processors to run on: 0-3,8' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l cpuset-mems -d 'The memory nodes to use: 0-1' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l blkio-weight -d 'A share of the disks\' time: 10 to 1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l blkio-weight-device -d 'A share of one disk\'s time: /dev/sda:100' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l device-read-bps -d 'Bound the bytes that are read from a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l device-write-bps -d 'Bound the bytes that are written to a disk in a second: /dev/sda:1mb' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l device-read-iops -d 'Bound the reads from a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l device-write-iops -d 'Bound the writes to a disk in a second: /dev/sda:1000' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l restart -d 'When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-cmd -d 'Check the container\'s health by this command: a text for its shell, or a JSON array of words; none for no check' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-interval -d 'The time between two checks (30s); disable to check only by `healthcheck run`' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-timeout -d 'How long a check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-retries -d 'How many failures in a row make the container unhealthy (3)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-start-period -d 'For so long after the start failures do not count' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-start-interval -d 'The time between two checks during the start period (5s, or the interval where that is shorter)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-on-failure -d 'What to do when the container is unhealthy: none, kill, restart, stop' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-startup-cmd -d 'Check by this command first, until it succeeds' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-startup-interval -d 'The time between two startup checks (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-startup-retries -d 'How many failures of the startup check start the container anew; 0 for none' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-startup-success -d 'How many successes in a row the startup check needs' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-startup-timeout -d 'How long a startup check may take (30s)' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-log-destination -d 'Where outcomes are kept: local (with the container), events_logger, or a folder' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-max-log-count -d 'How many outcomes are kept (5); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l health-max-log-size -d 'How many bytes of each outcome\'s output are kept (500); 0 for all' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -s e -l env -d 'Set an environment variable: NAME=value, or NAME to take it from here' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l unsetenv -d 'Take an environment variable away' -r
complete -c coracle -n "__fish_coracle_using_subcommand update" -l no-healthcheck -d 'No health check, also where the image has one'
complete -c coracle -n "__fish_coracle_using_subcommand update" -s l -l latest -d 'The container that was made last'
complete -c coracle -n "__fish_coracle_using_subcommand update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand version" -s f -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand version" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "create" -d 'Make a volume'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "exists" -d 'Check whether a volume exists: exit code 0 or 1'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "export" -d 'Write the files of a volume as a tar'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "import" -d 'Put the files of a tar into a volume'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "inspect" -d 'Show everything about volumes'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "ls" -d 'List volumes'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "list" -d 'List volumes'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "mount" -d 'Print where the files of volumes are; inside `coracle unshare`, where their owners look as in a container'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "prune" -d 'Remove all volumes that no container mounts'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "rm" -d 'Remove volumes'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "remove" -d 'Remove volumes'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "unmount" -d 'The end of `volume mount`: nothing is mounted, so nothing has to be undone'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and not __fish_seen_subcommand_from create exists export import inspect ls list mount prune rm remove unmount umount" -f -a "umount" -d 'The end of `volume mount`: nothing is mounted, so nothing has to be undone'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -s d -l driver -d 'Who keeps the files: local' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -s l -l label -d 'Add a label: NAME=value' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -s o -l opt -d 'An option of the driver: type=tmpfs|bind, device=FOLDER, o=MOUNT-OPTIONS (uid=, gid=, ro, noexec; size= of a tmpfs)' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -l uid -d 'The owner, as a user id of containers' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -l gid -d 'The group, as a group id of containers' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -l ignore -d 'A volume of that name that is there already is no error'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file, not to standard output' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from inspect" -s f -l format -d 'json, or a Go template that is run for each volume' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from inspect" -s a -l all -d 'Every volume'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from ls" -s f -l filter -d 'Only volumes that fit: name=, driver=, scope=, label=, label!=, opt=, dangling=BOOL, anonymous=BOOL, until=TIME, since=VOLUME' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from ls" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Only names'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from ls" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from list" -s f -l filter -d 'Only volumes that fit: name=, driver=, scope=, label=, label!=, opt=, dangling=BOOL, anonymous=BOOL, until=TIME, since=VOLUME' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from list" -l format -d 'json, or a Go template' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Only names'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from list" -s n -l noheading -d 'No line of headers'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from mount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from prune" -l filter -d 'Only volumes that fit: label=, label!=, name=, anonymous=BOOL, until=TIME, since=VOLUME' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from prune" -s f -l force -d 'Do not ask first'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from rm" -s t -l time -l timeout -d 'With --force, send the stop signal first and wait this many seconds before SIGKILL' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from rm" -s a -l all -d 'Every volume'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from rm" -s f -l force -d 'Remove the containers that mount it first, running ones too; a volume that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from remove" -s t -l time -l timeout -d 'With --force, send the stop signal first and wait this many seconds before SIGKILL' -r
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from remove" -s a -l all -d 'Every volume'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from remove" -s f -l force -d 'Remove the containers that mount it first, running ones too; a volume that is not there is no error'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from unmount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand volume; and __fish_seen_subcommand_from umount" -s h -l help -d 'Print help'
complete -c coracle -n "__fish_coracle_using_subcommand wait" -l condition -d 'Wait for this state: stopped (default), exited, running, paused, created, configured, removing, healthy, unhealthy' -r
complete -c coracle -n "__fish_coracle_using_subcommand wait" -s i -l interval -d 'Look again after this time also where nothing was told: 250ms, 2s; a number alone is milliseconds' -r
complete -c coracle -n "__fish_coracle_using_subcommand wait" -l cidfile -d 'The container whose id is in this file; may be given several times' -r -F
complete -c coracle -n "__fish_coracle_using_subcommand wait" -l exit-first-match -d 'Return when the first of the containers is in a wanted state, and print its code alone'
complete -c coracle -n "__fish_coracle_using_subcommand wait" -l ignore -d 'A container that does not exist is no error; its code is -1'
complete -c coracle -n "__fish_coracle_using_subcommand wait" -s l -l latest -d 'The container made last'
complete -c coracle -n "__fish_coracle_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
