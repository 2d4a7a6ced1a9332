//! Keys of containers.conf that are known and have no effect here, and why.

use toml::Value;

/// Tables that speak of other things: machines and farms of Podman, its secrets' driver, its volume plugins.
pub(super) const TABLES: [&str; 8] = ["containers", "engine", "network", "machine", "secrets", "configmaps", "farms", "podmansh"];

/// Keys that mean nothing here, so that nothing is lost when they are passed over.
const WITHOUT_MEANING: [(&str, &[&str]); 3] = [
    (
        "containers",
        &[
            // Labels and profiles of security modules need root; containers run without one.
            "apparmor_profile",
            "label",
            "label_users",
            // How many ids an `auto` gets is told by --userns=auto:size=.
            "userns_size",
            // Volumes are filled when they are first mounted, which no program can tell from earlier.
            "prepare_volume_on_create",
        ],
    ),
    (
        "engine",
        &[
            // Our monitor, database, locks and folders are our own; storage.conf and --root say where.
            "conmon_env_vars",
            "conmon_path",
            "database_backend",
            "image_copy_tmp_dir",
            "lock_type",
            "num_locks",
            "static_dir",
            "tmp_dir",
            "volume_path",
            // A cgroup that was delegated is used, else systemd is asked for one.
            "cgroup_manager",
            // Events are lines of a journal in the store, whatever is asked for.
            "events_container_create_inspect_data",
            "events_logfile_max_size",
            // Sessions of exec are forgotten with their last reader.
            "exit_command_delay",
            // Of commands that do not exist here: a service, machines, pods, kube, compose, build, volume plugins.
            "active_service",
            "chown_copied_files",
            "compat_api_enforce_docker_hub",
            "compose_providers",
            "compose_warning_logs",
            "image_build_format",
            "image_default_format",
            "infra_command",
            "infra_image",
            "kube_generate_type",
            "machine_enabled",
            "pod_exit_policy",
            "service_destinations",
            "service_timeout",
            "volume_plugin_timeout",
            "volume_plugins",
            // Programs are looked for in PATH.
            "helper_binaries_dir",
            // Listeners of published ports are held by netd, always.
            "enable_port_reservation",
            // The root is always changed with pivot_root.
            "no_pivot_root",
            // What other runtimes can do is asked of them.
            "platform_to_oci_runtime",
            "runtime_supports_json",
            "runtime_supports_kvm",
            "runtime_supports_nocgroups",
        ],
    ),
    (
        "network",
        &[
            // The network is our own: no plugins, no other firewall, no files of networks.
            "cni_plugin_dirs",
            "firewall_driver",
            "netavark_plugin_dirs",
            "network_backend",
            "network_config_dir",
            // On the addresses of our bridges nobody else can have port 53.
            "dns_bind_port",
        ],
    ),
];

/// Keys that ask for what is not given here.
const NOT_TO_BE_HAD: [(&str, &str, &str); 14] = [
    ("containers", "interface_name", "without effect: name the interface with --network NAME:interface_name="),
    ("containers", "keyring", "without effect: every container has a session keyring of its own"),
    ("engine", "add_compression", "without effect: `manifest push` adds no instances"),
    ("engine", "env", "without effect: set these variables in the environment of this command"),
    ("engine", "events_logfile_path", "without effect: events are kept in a file of the store"),
    ("engine", "events_logger", "without effect: events are always kept, in a file of the store"),
    ("engine", "healthcheck_events", "without effect: that the health has changed is always an event"),
    ("engine", "hooks_dir", "without effect: OCI hooks of folders are not run"),
    ("engine", "image_default_transport", "without effect: a name without a transport is one of a registry"),
    ("engine", "image_parallel_copies", "without effect: how many layers are copied at once is fixed"),
    ("engine", "namespace", "without effect: a store of its own is had with --root"),
    ("engine", "network_cmd_options", "without effect: give the options with --network slirp4netns:OPTION"),
    ("engine", "network_cmd_path", "without effect: pasta and slirp4netns are looked for in PATH"),
    ("engine", "remote", "without effect: there is no service to speak to"),
];

/// What the user should be told of a key that no table of ours has, if anything.
pub(super) fn trouble(table: &str, key: &str, value: &Value) -> Option<&'static str> {
    if WITHOUT_MEANING.iter().any(|(name, keys)| *name == table && keys.contains(&key)) {
        return None;
    }
    let Some((_, _, why)) = NOT_TO_BE_HAD.iter().find(|(name, one, _)| (*name, *one) == (table, key)) else {
        return Some("this key is not known and is passed over");
    };
    // What asks for what is done anyway needs no word.
    let usual = match (key, value) {
        ("healthcheck_events" | "keyring", value) => *value == Value::Boolean(true),
        ("remote", value) => *value == Value::Boolean(false),
        ("image_parallel_copies", value) => *value == Value::Integer(0),
        // Where they are kept is told by `info`; that there are none would be missed.
        ("events_logger", Value::String(text)) => text != "none",
        ("image_default_transport", Value::String(text)) => matches!(text.as_str(), "" | "docker" | "docker://"),
        (_, Value::String(text)) => text.is_empty(),
        (_, Value::Array(items)) => items.iter().all(Value::is_table),
        _ => false,
    };
    (!usual).then_some(*why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_told_and_what_is_not_is_not() {
        for (table, key, value, told) in [
            ("containers", "label", Value::Boolean(false), false),
            ("engine", "num_locks", Value::Integer(5), false),
            ("engine", "label", Value::Boolean(false), true),
            ("engine", "remote", Value::Boolean(false), false),
            ("engine", "remote", Value::Boolean(true), true),
            ("engine", "env", Value::Array(Vec::new()), false),
            ("engine", "env", Value::Array(vec!["A=1".into()]), true),
            ("network", "typo", "x".into(), true),
        ] {
            assert_eq!(trouble(table, key, &value).is_some(), told, "{table} {key}");
        }
    }
}
