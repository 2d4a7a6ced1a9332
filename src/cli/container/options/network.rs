//! The network.

use crate::cli::error::CliError;
use crate::config::containers::Containers;
use crate::engine::container::create::CreateRequest;
use crate::model::network::MacAddress;
use crate::model::{Attachment, NetworkMode};
use clap::Args;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// Options about how a container is joined to networks.
#[derive(Debug, Args)]
pub(super) struct NetworkOptions {
    /// Choose the network: NAME[:OPTION,…], bridge[:OPTION,…], none, host, private, pasta[:ARGUMENT,…], slirp4netns[:OPTION,…],
    /// container:NAME, ns:PATH
    ///
    /// Given several times it joins several networks. The options of a network are ip=, ip6=, mac=, alias=, interface_name= and host_interface_name=; bridge is
    /// the default network. private is a network of its own, joined to the host's by one user-mode stack: pasta or slirp4netns.
    #[arg(long, visible_alias = "net", value_name = "MODE")]
    network: Vec<String>,
    /// The container's IPv4 address in its network
    #[arg(long, value_name = "IP")]
    ip: Option<Ipv4Addr>,
    /// The container's IPv6 address in its network
    #[arg(long, value_name = "IP")]
    ip6: Option<Ipv6Addr>,
    /// The hardware address of the container's interface
    #[arg(long, value_name = "MAC")]
    mac_address: Option<MacAddress>,
    /// A name by which others of the container's networks find it; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    network_alias: Vec<String>,
}

/// What `--network` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Default,
    Mode(NetworkMode),
    /// That of the container of this name.
    Container(String),
}

impl NetworkOptions {
    pub(super) fn complete_from(&mut self, conf: &Containers) {
        // `private` is the word there for the usual network; an address or name asks for a bridge.
        let usual = conf.netns.as_ref().filter(|mode| !matches!(mode.as_str(), "" | "private"));
        if self.network.is_empty() && self.first_for_one().or(self.alias_option()).is_none() {
            self.network.extend(usual.cloned());
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        self.network.iter().any(|mode| mode == "host" || mode.starts_with("container:") || mode.starts_with("ns:"))
    }

    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read, or options exclude each other.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        let mut choice = choose(&self.network)?;
        if choice == Choice::Default && self.first_for_one().or(self.alias_option()).is_some() {
            choice = Choice::Mode(NetworkMode::Bridge(vec![Attachment::default()]));
        }
        self.complete(&mut choice)?;
        match choice {
            Choice::Default => {}
            Choice::Mode(mode) => request.network = Some(mode),
            Choice::Container(name) => request.share.network = Some(name),
        }
        Ok(())
    }

    /// Adds what options of their own say about the networks.
    fn complete(&self, choice: &mut Choice) -> Result<(), CliError> {
        let Choice::Mode(NetworkMode::Bridge(attachments)) = choice else {
            return match self.first_for_one().or(self.alias_option()) {
                None => Ok(()),
                Some(option) => Err(CliError::Usage(format!(
                    "{option} can only be set when the network mode is bridge: invalid argument (choose --network NAME)"
                ))),
            };
        };
        if let Some(option) = self.first_for_one()
            && attachments.len() > 1
        {
            return Err(CliError::Usage(format!(
                "{option} can only be set for a single network: invalid argument (write --network NAME:{})",
                match option {
                    "--mac-address" => "mac=…",
                    "--ip6" => "ip6=…",
                    _ => "ip=…",
                }
            )));
        }
        for attachment in attachments {
            attachment.addresses.extend(self.ip.map(IpAddr::V4));
            attachment.addresses.extend(self.ip6.map(IpAddr::V6));
            attachment.mac = self.mac_address.or(attachment.mac);
            for alias in &self.network_alias {
                attachment.aliases.push(alias_name(alias)?);
            }
        }
        Ok(())
    }

    /// The first option given that only one network can have.
    fn first_for_one(&self) -> Option<&'static str> {
        let given = [("--ip", self.ip.is_some()), ("--ip6", self.ip6.is_some()), ("--mac-address", self.mac_address.is_some())];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    fn alias_option(&self) -> Option<&'static str> {
        (!self.network_alias.is_empty()).then_some("--network-alias")
    }
}

fn choose(texts: &[String]) -> Result<Choice, CliError> {
    let Some((first, others)) = texts.split_first() else { return Ok(Choice::Default) };
    let mut choice = mode(first)?;
    if others.is_empty() {
        return Ok(choice);
    }
    let Choice::Mode(NetworkMode::Bridge(attachments)) = &mut choice else {
        let text = "cannot set multiple networks without bridge network mode, selected mode";
        return Err(CliError::Usage(format!(
            "{text} {first}: invalid argument (give --network once, or names of networks only)"
        )));
    };
    for text in others {
        match mode(text)? {
            // `bridge` stands for the default network only where it comes first.
            Choice::Mode(NetworkMode::Bridge(more)) if more.iter().all(|one| !one.network.is_empty()) => {
                for one in more {
                    add(attachments, one);
                }
            }
            _ => {
                let text =
                    format!("can only set extra network names, selected mode {text} conflicts with bridge: invalid argument");
                return Err(CliError::Usage(text));
            }
        }
    }
    Ok(choice)
}

/// One `--network`.
fn mode(text: &str) -> Result<Choice, CliError> {
    let (word, options) = text.split_once(':').map_or((text, None), |(word, options)| (word, Some(options)));
    let words =
        || options.into_iter().flat_map(|text| text.split(',')).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let mode = match (word, options) {
        ("" | "default", None) => return Ok(Choice::Default),
        ("none", None) => NetworkMode::None,
        ("host", None) => NetworkMode::Host,
        ("private", None) => NetworkMode::Private,
        ("pasta", _) => NetworkMode::Pasta(words()),
        ("slirp4netns", _) => NetworkMode::Slirp4netns(words()),
        ("container", Some(name)) if !name.is_empty() => return Ok(Choice::Container(name.to_owned())),
        ("ns", Some(path)) if path.starts_with('/') => NetworkMode::Path(PathBuf::from(path)),
        ("ns", _) => return Err(CliError::Usage("--network=ns: takes an absolute path".to_owned())),
        ("none" | "host" | "private" | "default" | "container", _) => {
            let text = format!("--network={text} is not known: choose a network's name, {MODES}");
            return Err(CliError::Usage(text));
        }
        ("bridge", _) => NetworkMode::Bridge(vec![attachment("", options)?]),
        ("", Some(_)) => return Err(CliError::Usage("network name cannot be empty".to_owned())),
        (name, Some(_)) => NetworkMode::Bridge(vec![attachment(name, options)?]),
        (names, None) => {
            let mut attachments = Vec::new();
            for name in names.split(',') {
                if name.is_empty() {
                    return Err(CliError::Usage(format!("network name cannot be empty in --network={text}")));
                }
                add(&mut attachments, Attachment::to(name));
            }
            NetworkMode::Bridge(attachments)
        }
    };
    Ok(Choice::Mode(mode))
}

const MODES: &str = "bridge, none, host, private, pasta, slirp4netns, container:NAME or ns:PATH";

/// Of a network that is given twice the last counts.
fn add(attachments: &mut Vec<Attachment>, new: Attachment) {
    match attachments.iter_mut().find(|other| other.network == new.network) {
        Some(other) => *other = new,
        None => attachments.push(new),
    }
}

/// A network with its options, as they follow the name.
fn attachment(name: &str, options: Option<&str>) -> Result<Attachment, CliError> {
    let mut attachment = Attachment::to(name);
    let shown = if name.is_empty() { "bridge" } else { name };
    let bad = |what: String| CliError::Usage(format!("invalid option for network {shown}: {what}"));
    for option in options.unwrap_or_default().split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or_else(|| bad(format!("{option:?} has no value (write NAME=VALUE)")))?;
        match key {
            "ip" | "ip6" => {
                let address = value.parse().map_err(|_| bad(format!("invalid ip address {value:?}")))?;
                attachment.addresses.push(address);
            }
            "mac" => attachment.mac = Some(value.parse().map_err(|error| bad(format!("{error}")))?),
            "alias" => attachment.aliases.push(alias_name(value).map_err(|_| bad("alias cannot be empty".to_owned()))?),
            "interface_name" if value.is_empty() => return Err(bad("interface_name cannot be empty".to_owned())),
            "interface_name" => value.clone_into(&mut attachment.interface),
            "host_interface_name" if value.is_empty() => return Err(bad("host_interface_name cannot be empty".to_owned())),
            "host_interface_name" => drop(attachment.options.insert(key.to_owned(), value.to_owned())),
            _ => {
                return Err(bad(format!(
                    "unknown bridge network option: {key} (ip, ip6, mac, alias, interface_name and host_interface_name are known)"
                )));
            }
        }
    }
    Ok(attachment)
}

fn alias_name(text: &str) -> Result<String, CliError> {
    let good = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    good.then(|| text.to_owned()).ok_or_else(|| CliError::Usage(format!("invalid network alias {text:?}: it is a host name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bridge(attachments: &[Attachment]) -> Choice {
        Choice::Mode(NetworkMode::Bridge(attachments.to_vec()))
    }

    fn read(texts: &[&str]) -> Result<Choice, CliError> {
        choose(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_form_of_network_is_read() {
        let to = Attachment::to;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let full = Attachment {
            aliases: vec!["x".into(), "y".into()],
            addresses: vec!["10.1.0.5".parse().expect("an address"), "fd00::5".parse().expect("an address")],
            mac: Some("92:d0:c6:0a:29:33".parse().expect("an address")),
            interface: "wan0".into(),
            ..to("a")
        };
        for (texts, wanted) in [
            (&[][..], Choice::Default),
            (&[""], Choice::Default),
            (&["default"], Choice::Default),
            (&["none"], Choice::Mode(NetworkMode::None)),
            (&["host"], Choice::Mode(NetworkMode::Host)),
            (&["private"], Choice::Mode(NetworkMode::Private)),
            (&["pasta"], Choice::Mode(NetworkMode::Pasta(Vec::new()))),
            (&["pasta:-4,--mtu,1400"], Choice::Mode(NetworkMode::Pasta(words(&["-4", "--mtu", "1400"])))),
            (&["slirp4netns:cidr=10.1.0.0/24"], Choice::Mode(NetworkMode::Slirp4netns(words(&["cidr=10.1.0.0/24"])))),
            (&["container:web"], Choice::Container("web".into())),
            (&["ns:/proc/1/ns/net"], Choice::Mode(NetworkMode::Path("/proc/1/ns/net".into()))),
            (&["bridge"], bridge(&[to("")])),
            (
                &["bridge:ip=10.88.0.9", "b"],
                bridge(&[Attachment { addresses: vec!["10.88.0.9".parse().expect("one")], ..to("") }, to("b")]),
            ),
            (&["a"], bridge(&[to("a")])),
            (&["a:"], bridge(&[to("a")])),
            (&["a,b"], bridge(&[to("a"), to("b")])),
            (&["a", "b", "c"], bridge(&[to("a"), to("b"), to("c")])),
            (&["a", "b", "a:interface_name=x"], bridge(&[Attachment { interface: "x".into(), ..to("a") }, to("b")])),
            (&["a:alias=x,ip=10.1.0.5,mac=92:d0:c6:0a:29:33,ip6=fd00::5,alias=y,interface_name=wan0"], bridge(&[full])),
        ] {
            assert_eq!(read(texts).expect("good"), wanted, "{texts:?}");
        }
    }

    #[test]
    fn what_podman_refuses_is_refused() {
        for bad in [
            &["host", "a"][..],
            &["a", "host"],
            &["a", "bridge"],
            &["a", "default"],
            &["none", "none"],
            &["", "a"],
            &[":ip=10.1.0.1"],
            &["a,"],
            &["a:ip=10.1.0.300"],
            &["a:ip"],
            &["a:alias="],
            &["a:mac=xx"],
            &["a:interface_name="],
            &["a:color=red"],
            &["none:x"],
            &["host:x"],
            &["container:"],
            &["ns:relative"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn options_for_one_network_need_one() {
        let apply = |networks: &[&str], ip: Option<&str>, alias: &[&str]| {
            let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            let options = NetworkOptions {
                network: words(networks),
                ip: ip.map(|ip| ip.parse().expect("an address")),
                ip6: None,
                mac_address: None,
                network_alias: words(alias),
            };
            let mut request = CreateRequest::default();
            options.apply(&mut request).map(|()| request.network)
        };
        let address = "10.1.0.5".parse().expect("an address");
        let with = |attachment: Attachment| Some(NetworkMode::Bridge(vec![attachment]));
        assert_eq!(apply(&[], None, &[]).expect("good"), None);
        assert_eq!(
            apply(&[], Some("10.1.0.5"), &[]).expect("good"),
            with(Attachment { addresses: vec![address], ..Attachment::to("") })
        );
        assert_eq!(
            apply(&["a"], None, &["x"]).expect("good"),
            with(Attachment { aliases: vec!["x".into()], ..Attachment::to("a") })
        );
        assert!(apply(&["a", "b"], None, &["x"]).is_ok());
        for (networks, ip, alias) in [
            (&["a", "b"][..], Some("10.1.0.5"), &[][..]),
            (&["host"], Some("10.1.0.5"), &[]),
            (&["none"], None, &["x"]),
            (&["container:c"], None, &["x"]),
        ] {
            assert!(apply(networks, ip, alias).is_err(), "{networks:?}");
        }
        assert!(apply(&["a"], None, &["two words"]).is_err());
    }
}
