//! The tables `leases` and `last_leases`: which container has which address.
//!
//! Nobody gives an address back: the row stays when a container ends, so that it has the same address when it runs again. It gives
//! way to whoever wants the address meanwhile, and goes with the container's row.

use super::{Db, StateError, query};
use crate::model::network::{IpNet, MacAddress, Subnet, following};
use crate::model::{Attachment, ContainerId, Lease, Network};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const TAKE: &str = "take an address";

/// One network that a container is to be given addresses of.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub network: &'a Network,
    pub attachment: &'a Attachment,
}

impl Db {
    /// Gives a container an address in every subnet of the networks: the fixed one, else the one that it had last, else the next free
    /// one after the last that was given. All of them or none, in one transaction. Addresses that the container has in these networks
    /// and does not get again are free afterwards.
    ///
    /// `lives` is asked about a container only when that holds an address which is wanted; one that does not run gives way.
    ///
    /// # Errors
    /// `AddressInUse`, `NoAddressLeft`, or the database or `lives` fails.
    pub fn take_leases<E: From<StateError>>(
        &mut self,
        container: &ContainerId,
        wanted: &[Wanted<'_>],
        mut lives: impl FnMut(&ContainerId) -> Result<bool, E>,
    ) -> Result<Vec<Lease>, E> {
        let transaction = self.transaction(TAKE)?;
        let mut leases = Vec::with_capacity(wanted.len());
        for want in wanted {
            leases.push(take(&transaction, container, want, &mut lives)?);
        }
        transaction.commit().map_err(query(TAKE))?;
        Ok(leases)
    }

    /// Takes a container's addresses in one network away from it.
    ///
    /// # Errors
    /// The database fails.
    pub fn drop_lease(&mut self, container: &ContainerId, network: &str) -> Result<(), StateError> {
        let sql = "DELETE FROM leases WHERE container = ?1 AND network = ?2";
        let done = self.connection.execute(sql, params![container.as_str(), network]);
        done.map(drop).map_err(query("give an address back"))
    }

    /// Returns what a container has, or had last, in its networks; by the networks' names.
    ///
    /// # Errors
    /// The database fails.
    pub fn leases_of_container(&self, container: &ContainerId) -> Result<Vec<Lease>, StateError> {
        self.leases_where("container = ?1", params![container.as_str()])
    }

    /// Returns what the containers of a network have, or had last.
    ///
    /// # Errors
    /// The database fails.
    pub fn leases_of_network(&self, network: &str) -> Result<Vec<Lease>, StateError> {
        self.leases_where("network = ?1", params![network])
    }

    /// Returns the leases of all containers, of those that do not run any more, too.
    ///
    /// # Errors
    /// The database fails.
    pub fn leases(&self) -> Result<Vec<Lease>, StateError> {
        self.leases_where("TRUE", [])
    }

    fn leases_where(&self, condition: &str, keys: impl rusqlite::Params) -> Result<Vec<Lease>, StateError> {
        let action = "look up addresses";
        let sql = format!(
            "SELECT network, container, address, prefix, mac FROM leases WHERE {condition} ORDER BY network, container, position"
        );
        let mut statement = self.connection.prepare(&sql).map_err(query(action))?;
        let rows = statement.query_map(keys, single).map_err(query(action))?;
        let mut leases: Vec<Lease> = Vec::new();
        for row in rows {
            let Some(one) = row.map_err(query(action))? else { continue };
            match leases.last_mut() {
                Some(last) if last.network == one.network && last.container == one.container => {
                    last.addresses.extend(one.addresses);
                }
                _ => leases.push(one),
            }
        }
        Ok(leases)
    }
}

fn take<E: From<StateError>>(
    transaction: &Transaction<'_>,
    container: &ContainerId,
    want: &Wanted<'_>,
    lives: &mut impl FnMut(&ContainerId) -> Result<bool, E>,
) -> Result<Lease, E> {
    let Wanted { network, attachment } = want;
    let mut had = own(transaction, container, &network.name)?;
    let before = had.clone();
    let mut addresses = Vec::with_capacity(network.subnets.len());
    for subnet in &network.subnets {
        let fixed = attachment.addresses.iter().copied().find(|address| subnet.net.contains(address));
        let kept = had.iter().position(|(address, _)| subnet.net.contains(address) && is_usable(subnet, *address));
        let address = match (fixed, kept) {
            (Some(address), _) => {
                if let Some(holder) = holder(transaction, &network.name, address)?.filter(|holder| holder != container)
                    && lives(&holder)?
                {
                    let holder = holder.short().to_owned();
                    return Err(StateError::AddressInUse { network: network.name.clone(), address, holder }.into());
                }
                address
            }
            (None, Some(kept)) => had.swap_remove(kept).0,
            (None, None) => next_free(transaction, &network.name, subnet, lives)?,
        };
        addresses.push(address);
    }
    let first = addresses.first();
    let kept = before.iter().find(|(address, _)| Some(address) == first).map(|(_, mac)| *mac);
    let mac = attachment.mac.or(kept).unwrap_or_else(|| match first {
        Some(address) => own_mac(&bytes(*address), &network.name),
        None => own_mac(container.as_str().as_bytes(), &network.name),
    });
    let forget = "DELETE FROM leases WHERE container = ?1 AND network = ?2";
    transaction.execute(forget, params![container.as_str(), network.name]).map_err(query(TAKE))?;
    // Replaces the row of a holder that does not run any more.
    let sql =
        "INSERT OR REPLACE INTO leases (network, address, container, position, prefix, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = transaction.prepare(sql).map_err(query(TAKE))?;
    let mut given = Vec::with_capacity(addresses.len());
    for (position, (address, subnet)) in addresses.into_iter().zip(&network.subnets).enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let prefix = subnet.net.prefix_len();
        let row = params![network.name, bytes(address), container.as_str(), position, prefix, mac.to_string()];
        insert.execute(row).map_err(query(TAKE))?;
        given.extend(IpNet::new(address, prefix).ok());
    }
    Ok(Lease { network: network.name.clone(), container: container.clone(), addresses: given, mac })
}

/// The next address of the subnet, after the one that was chosen last, which no living container holds.
fn next_free<E: From<StateError>>(
    transaction: &Transaction<'_>,
    network: &str,
    subnet: &Subnet,
    lives: &mut impl FnMut(&ContainerId) -> Result<bool, E>,
) -> Result<IpAddr, E> {
    let range = subnet.usable();
    let key = subnet.net.to_string();
    let sql = "SELECT address FROM last_leases WHERE network = ?1 AND subnet = ?2";
    let last = transaction.query_row(sql, params![network, key], |row| row.get::<_, Vec<u8>>(0)).optional();
    let last = last.map_err(query(TAKE))?.and_then(|bytes| address(&bytes));
    let step = |address: IpAddr| match address >= range.start && address < range.end {
        true => following(address),
        false => range.start,
    };
    let first = last.map_or(range.start, step);
    let mut candidate = first;
    loop {
        let is_free = candidate != subnet.gateway
            && match holder(transaction, network, candidate)? {
                None => true,
                Some(holder) => !lives(&holder)?,
            };
        if is_free {
            break;
        }
        candidate = step(candidate);
        if candidate == first {
            return Err(StateError::NoAddressLeft { network: network.to_owned(), subnet: subnet.net }.into());
        }
    }
    let sql = "INSERT OR REPLACE INTO last_leases (network, subnet, address) VALUES (?1, ?2, ?3)";
    transaction.execute(sql, params![network, key, bytes(candidate)]).map_err(query(TAKE))?;
    Ok(candidate)
}

fn is_usable(subnet: &Subnet, address: IpAddr) -> bool {
    let range = subnet.usable();
    address >= range.start && address <= range.end && address != subnet.gateway
}

fn holder(transaction: &Transaction<'_>, network: &str, address: IpAddr) -> Result<Option<ContainerId>, StateError> {
    let sql = "SELECT container FROM leases WHERE network = ?1 AND address = ?2";
    let row = transaction.query_row(sql, params![network, bytes(address)], |row| row.get::<_, String>(0)).optional();
    Ok(row.map_err(query(TAKE))?.and_then(|id| ContainerId::try_from(id).ok()))
}

fn own(transaction: &Transaction<'_>, container: &ContainerId, network: &str) -> Result<Vec<(IpAddr, MacAddress)>, StateError> {
    let sql = "SELECT address, mac FROM leases WHERE container = ?1 AND network = ?2 ORDER BY position";
    let mut statement = transaction.prepare(sql).map_err(query(TAKE))?;
    let read = |row: &Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?));
    let rows = statement.query_map(params![container.as_str(), network], read).map_err(query(TAKE))?;
    let rows = rows.collect::<Result<Vec<_>, _>>().map_err(query(TAKE))?;
    Ok(rows.into_iter().filter_map(|(bytes, mac)| Some((address(&bytes)?, mac.parse().ok()?))).collect())
}

/// A row that does not say what it should is none of ours and passed over.
fn single(row: &Row<'_>) -> rusqlite::Result<Option<Lease>> {
    let (network, container): (String, String) = (row.get(0)?, row.get(1)?);
    let (bytes, prefix, mac): (Vec<u8>, u8, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let lease = || {
        let addresses = vec![IpNet::new(address(&bytes)?, prefix).ok()?];
        Some(Lease { network, container: ContainerId::try_from(container).ok()?, addresses, mac: mac.parse().ok()? })
    };
    Ok(lease())
}

/// The hardware address of a container for which none was chosen. It goes with the IP address: who speaks to that keeps the hardware
/// address in mind for a while, also when another container has come in the place of the first.
fn own_mac(subject: &[u8], network: &str) -> MacAddress {
    // FNV-1a: no secret depends on it.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in subject.iter().copied().chain(network.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let [a, b, c, d, e, f, ..] = hash.to_be_bytes();
    MacAddress::local([a, b, c, d, e, f])
}

fn bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|octets| Ipv4Addr::from(octets).into()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Store {
        _folder: tempfile::TempDir,
        db: Db,
        network: Network,
    }

    impl Store {
        fn new(subnets: &[&str]) -> Self {
            let folder = tempfile::tempdir().expect("tempdir");
            let db = Db::open(&folder.path().join("state.db")).expect("open");
            let subnets = subnets.iter().map(|net| Subnet::new(net.parse().expect("a subnet"))).collect();
            Self { _folder: folder, db, network: Network { name: "n".to_owned(), subnets, ..Network::default() } }
        }

        fn container(&self, number: u8) -> ContainerId {
            let id = ContainerId::from_bytes(&[number; 32]);
            let sql = "INSERT INTO containers (id, name, image, created, config) VALUES (?1, ?1, '', 0, '{}')";
            self.db.connection.execute(sql, [id.as_str()]).expect("insert");
            id
        }

        /// Takes addresses; `dead` tells which containers do not run.
        fn take(&mut self, id: &ContainerId, fixed: &[&str], dead: &[&ContainerId]) -> Result<String, StateError> {
            let addresses = fixed.iter().map(|text| text.parse().expect("an address")).collect();
            let attachment = Attachment { addresses, ..Attachment::to("n") };
            let wanted = [Wanted { network: &self.network, attachment: &attachment }];
            let leases = self.db.take_leases(id, &wanted, |other| Ok::<_, StateError>(!dead.contains(&other)))?;
            assert_eq!(self.db.leases_of_container(id)?, leases);
            Ok(leases[0].addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        }
    }

    #[test]
    fn addresses_go_round_and_the_dead_give_way_only_when_asked() {
        let mut store = Store::new(&["10.0.0.0/29"]);
        let ids: Vec<ContainerId> = (0..7).map(|number| store.container(number)).collect();
        for (id, expected) in ids.iter().zip(["10.0.0.2/29", "10.0.0.3/29", "10.0.0.4/29", "10.0.0.5/29", "10.0.0.6/29"]) {
            assert_eq!(store.take(id, &[], &[]).expect("free"), expected);
        }
        assert!(matches!(store.take(&ids[5], &[], &[]), Err(StateError::NoAddressLeft { .. })));
        assert_eq!(store.take(&ids[5], &[], &[&ids[2]]).expect("the dead one's"), "10.0.0.4/29");
        assert_eq!(store.db.leases_of_container(&ids[2]).expect("list"), []);
        assert_eq!(store.take(&ids[1], &[], &[]).expect("again"), "10.0.0.3/29");
        store.db.remove_container(&ids[0]).expect("remove");
        assert_eq!(store.take(&ids[6], &[], &[]).expect("free again"), "10.0.0.2/29");
        assert_eq!(store.db.leases_of_network("n").expect("list").len(), 5);
    }

    #[test]
    fn an_address_that_is_given_back_is_not_the_next_one_given() {
        let mut store = Store::new(&["10.0.0.0/24"]);
        let (a, b) = (store.container(0), store.container(1));
        assert_eq!(store.take(&a, &[], &[]).expect("free"), "10.0.0.2/24");
        store.db.drop_lease(&a, "n").expect("drop");
        assert_eq!(store.take(&b, &[], &[]).expect("free"), "10.0.0.3/24");
    }

    #[test]
    fn a_fixed_address_is_had_unless_a_living_container_has_it() {
        let mut store = Store::new(&["10.0.0.0/24", "fd00::/64"]);
        let (a, b) = (store.container(0), store.container(1));
        assert_eq!(store.take(&a, &["10.0.0.9"], &[]).expect("free"), "10.0.0.9/24 fd00::2/64");
        let held = store.take(&b, &["fd00::9", "10.0.0.9"], &[]);
        assert!(matches!(held, Err(StateError::AddressInUse { .. })), "{held:?}");
        assert_eq!(store.db.leases_of_container(&b).expect("list"), []);
        assert_eq!(store.take(&b, &["fd00::9", "10.0.0.9"], &[&a]).expect("given way"), "10.0.0.9/24 fd00::9/64");
        assert_eq!(store.take(&a, &[], &[]).expect("the other one is still its own"), "10.0.0.2/24 fd00::2/64");
    }

    #[test]
    fn the_hardware_address_goes_with_the_address() {
        let mut store = Store::new(&["10.0.0.0/24"]);
        let (a, b) = (store.container(0), store.container(1));
        let mut mac = |id: &ContainerId, address: &str, dead: &[&ContainerId]| {
            store.take(id, &[address], dead).expect("taken");
            store.db.leases_of_container(id).expect("list")[0].mac
        };
        let first = mac(&a, "10.0.0.9", &[]);
        assert_eq!(mac(&b, "10.0.0.9", &[&a]), first);
        assert_ne!(mac(&b, "10.0.0.8", &[]), first);
        assert_eq!(mac(&b, "10.0.0.9", &[]), first);
    }

    #[test]
    fn a_range_keeps_to_itself() {
        let mut store = Store::new(&["10.0.0.0/24"]);
        let end = |text: &str| text.parse().expect("an address");
        let range = crate::model::network::LeaseRange { start: end("10.0.0.100"), end: end("10.0.0.101") };
        store.network.subnets[0].lease_range = Some(range);
        let ids: Vec<ContainerId> = (0..3).map(|number| store.container(number)).collect();
        assert_eq!(store.take(&ids[0], &[], &[]).expect("free"), "10.0.0.100/24");
        assert_eq!(store.take(&ids[1], &[], &[]).expect("free"), "10.0.0.101/24");
        assert!(store.take(&ids[2], &[], &[]).is_err());
        assert_eq!(store.take(&ids[2], &["10.0.0.7"], &[]).expect("outside the range"), "10.0.0.7/24");
    }
}
