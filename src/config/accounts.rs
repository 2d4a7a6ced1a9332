//! The accounts of the host: passwd(5) and group(5). A static binary has no other name service.

/// The host's `/etc/passwd`; empty where it cannot be read.
#[must_use]
pub fn passwd() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// The host's `/etc/group`; empty where it cannot be read.
#[must_use]
pub fn group() -> String {
    std::fs::read_to_string("/etc/group").unwrap_or_default()
}

/// A line of passwd(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub name: &'a str,
    pub uid: u32,
    pub gid: u32,
    /// The field of the real name.
    pub gecos: &'a str,
    pub home: &'a str,
}

/// The entries of a text like passwd(5), without lines that are none.
pub fn entries(passwd: &str) -> impl Iterator<Item = Entry<'_>> {
    passwd.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, gecos, home, ..] = fields[..] else { return None };
        Some(Entry { name, uid: uid.parse().ok()?, gid: gid.parse().ok()?, gecos, home })
    })
}

/// The first name of an id in a text like passwd(5) or group(5).
#[must_use]
pub fn name_of(text: &str, id: u32) -> Option<&str> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_names_are_found_between_broken_lines() {
        let passwd = "broken\nroot:x:0:0:Root:/root:/bin/sh\na:x:7:8::/home/a:/bin/sh\nb:x:7:9::/home/b:\nc:x:many:1::/:\n";
        let names: Vec<_> = entries(passwd).map(|entry| (entry.name, entry.uid, entry.gid, entry.gecos, entry.home)).collect();
        assert_eq!(names, [("root", 0, 0, "Root", "/root"), ("a", 7, 8, "", "/home/a"), ("b", 7, 9, "", "/home/b")]);
        assert_eq!(name_of(passwd, 7), Some("a"));
        assert_eq!(name_of("wheel:x:10:a,b\n", 10), Some("wheel"));
        assert_eq!(name_of(passwd, 10), None);
        assert_eq!(name_of("broken\n", 0), None);
    }
}
