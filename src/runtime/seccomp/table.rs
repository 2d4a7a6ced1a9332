//! The default profile: which calls a container may make.
//!
//! The behaviour is that of Podman's default profile (containers-common), written down anew by purpose. Every call that is not
//! named here answers ENOSYS, as an older kernel would, so a C library takes its fallback; calls that newer kernels bring are
//! therefore off until they are listed. A name that the machine at hand does not have is skipped: one table serves all.
//!
//! What is allowed here is not yet permitted: mounts, namespaces, `ptrace` and the like still need a capability that counts in
//! the container's own user namespace only.

use crate::model::CapSet;

/// Calls that are always allowed.
pub(super) const ALLOWED: &[&str] = &[
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek readahead",
    "open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 ioctl pipe pipe2 name_to_handle_at",
    "stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 access faccessat faccessat2",
    "truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 arm_fadvise64_64",
    "sync syncfs fsync fdatasync sync_file_range sync_file_range2 arm_sync_file_range",
    "sendfile sendfile64 splice tee copy_file_range",
    "mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat unlink unlinkat rename renameat renameat2",
    "readlink readlinkat getdents getdents64 getcwd chdir fchdir umask",
    "chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32",
    "utime utimes futimesat utimensat utimensat_time64",
    "getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr",
    "flock inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark",
    // Waiting.
    "select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64",
    "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2",
    "eventfd eventfd2 signalfd signalfd4 timerfd_create",
    "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64",
    "io_setup io_destroy io_submit io_cancel io_getevents",
    // Memory.
    "brk mmap mmap2 munmap mremap mprotect madvise mincore msync remap_file_pages memfd_create memfd_secret membarrier",
    "mlock mlock2 mlockall munlock munlockall pkey_alloc pkey_free pkey_mprotect",
    "mbind get_mempolicy set_mempolicy process_mrelease",
    // Processes and threads.
    "fork vfork clone clone3 execve execveat exit exit_group wait4 waitid waitpid",
    "getpid getppid gettid getpgid getpgrp getsid setpgid setsid set_tid_address",
    "futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue get_robust_list set_robust_list rseq",
    "get_thread_area set_thread_area set_tls arch_prctl modify_ldt breakpoint cacheflush riscv_flush_icache swapcontext",
    "prctl seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
    "pidfd_open pidfd_send_signal pidfd_getfd ptrace process_vm_readv process_vm_writev",
    "getpriority setpriority ioprio_get ioprio_set getcpu",
    "sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam",
    "sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min",
    "sched_rr_get_interval sched_rr_get_interval_time64",
    "getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname",
    // Signals.
    "kill tkill tgkill pause signal sigaltstack sigprocmask sigreturn restart_syscall",
    "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_tgsigqueueinfo",
    "rt_sigtimedwait rt_sigtimedwait_time64",
    // Identity.
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32",
    "getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setgroups setgroups32",
    "setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32",
    "setfsuid setfsuid32 setfsgid setfsgid32 capget capset keyctl",
    // Time. `adjtimex` and `clock_adjtime` also read; setting needs CAP_SYS_TIME of the host.
    "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep",
    "clock_nanosleep clock_nanosleep_time64 adjtimex clock_adjtime clock_adjtime64 alarm getitimer setitimer",
    "timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64",
    // Sockets; `socket` itself has rules of its own.
    "socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt",
    "send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64",
    // System V and POSIX messages, semaphores, shared memory.
    "ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget",
    "mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64",
    "getrandom",
    // Namespaces and mounts: what a container in the container needs.
    "unshare setns mount umount umount2 pivot_root fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr",
    "reboot syslog",
    "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
];

/// Calls that answer EPERM whatever the capabilities are: a program that asks shall hear "no", not "not there".
pub(super) const DENIED: &[&str] = &[
    "kexec_load kexec_file_load swapon swapoff uselib userfaultfd vmsplice",
    "move_pages migrate_pages cachestat map_shadow_stack io_pgetevents io_pgetevents_time64",
    // Of old machines.
    "vm86 vm86old pciconfig_iobase pciconfig_read pciconfig_write",
    "bdflush nfsservctl nice sgetmask ssetmask syscall sysfs ustat oldfstat oldlstat oldstat olduname oldolduname",
];

/// Calls that are allowed with one of the capabilities and answer EPERM without.
pub(super) const WITH_CAPABILITY: &[(CapSet, &str)] = &[
    (CapSet::DAC_READ_SEARCH, "open_by_handle_at"),
    (CapSet::SYS_ADMIN, "lookup_dcookie quotactl quotactl_fd setdomainname sethostname"),
    (CapSet::SYS_ADMIN.or(CapSet::BPF), "bpf"),
    (CapSet::SYS_ADMIN.or(CapSet::PERFMON), "perf_event_open"),
    (CapSet::SYS_CHROOT, "chroot"),
    (CapSet::SYS_MODULE, "init_module finit_module delete_module query_module"),
    (CapSet::SYS_PACCT, "acct"),
    (CapSet::SYS_PTRACE, "kcmp process_madvise"),
    (CapSet::SYS_RAWIO, "ioperm iopl"),
    (CapSet::SYS_TIME, "clock_settime clock_settime64 settimeofday stime"),
    (CapSet::SYS_TTY_CONFIG, "vhangup"),
];

/// The values of `personality` that are allowed: `PER_LINUX`, `PER_LINUX32`, both with `UNAME26`, and the question for the
/// present one.
pub(super) const PERSONALITIES: &[u32] = &[0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Numbers of calls that the C library of seccomp may be too old to know by name. From 424 on they are the same everywhere.
pub(super) const NEWER: &[(&str, u32)] = &[
    ("quotactl_fd", 443),
    ("process_mrelease", 448),
    ("futex_waitv", 449),
    ("cachestat", 451),
    ("fchmodat2", 452),
    ("map_shadow_stack", 453),
    ("futex_wake", 454),
    ("futex_wait", 455),
    ("futex_requeue", 456),
];
