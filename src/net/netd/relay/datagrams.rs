//! Datagrams: from a listener to the flows of its clients, and back.

use super::udp::{self, Flow, Key, Space};
use super::worker::{Subject, Worker, data};
use crate::sys::inet;
use rustix::event::epoll;
use rustix::io::Errno;
use std::io;
use std::net::IpAddr;
use std::time::Instant;

impl Worker {
    pub(super) fn end_flow(&mut self, at: u32) {
        if let Some(flow) = self.flows.remove(at)
            && let Some(service) = self.services.get_mut(flow.service)
        {
            service.flows.remove(&flow.key);
        }
    }

    /// Moves datagrams from a listener to its flows, or from a flow back.
    pub(super) fn datagrams(&mut self, subject: Subject, at: u32) {
        let mut space = self.space.take().unwrap_or_default();
        let more = match subject {
            Subject::Flow => self.send_back(at, &mut space),
            _ => self.send_in(at, &mut space),
        };
        self.space = Some(space);
        // Listeners are level-triggered, flows are not.
        if more && subject == Subject::Flow {
            self.more.push((subject, at));
        }
    }

    fn send_in(&mut self, at: u32, space: &mut Space) -> bool {
        let now = Instant::now();
        for _ in 0..udp::TURNS {
            let Some(service) = self.services.get_mut(at) else { return false };
            let datagram = match inet::receive_datagram(&service.socket, &mut space.bytes, &mut space.beside) {
                Ok(datagram) => datagram,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => continue,
            };
            let own = datagram.to.filter(|own| !own.is_multicast() && *own != IpAddr::from([255; 4]));
            let key = Key { client: datagram.from, own };
            let known = service.flows.get(&key);
            let Some(flow) = known.or_else(|| self.new_flow(at, key, now)) else { continue };
            if let Some(flow) = self.flows.get_mut(flow) {
                flow.used = now;
                // As on any link: what finds no room is lost.
                let _ = rustix::net::send(&flow.socket, &space.bytes[..datagram.length], rustix::net::SendFlags::DONTWAIT);
            }
        }
        true
    }

    fn new_flow(&mut self, service_at: u32, key: Key, now: Instant) -> Option<u32> {
        let client = key.client.ip();
        let service = self.services.get_mut(service_at)?;
        if service.flows.is_full(client) {
            let of_client: Vec<u32> = service.flows.of(client).collect();
            let used = |at: &u32| self.flows.get_mut(*at).map(|flow| flow.used);
            let oldest = of_client.into_iter().filter_map({
                let mut used = used;
                move |at| Some((used(&at)?, at))
            });
            let oldest = oldest.min()?.1;
            self.end_flow(oldest);
        } else if self.flows.len() >= self.most_connections {
            return None;
        }
        let service = self.services.get_mut(service_at)?;
        let socket = udp::connect(&service.target, key.client, service.port).ok()?;
        let at = self.flows.next();
        let edge = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket, data(Subject::Flow, at), edge).ok()?;
        service.flows.insert(key, at);
        Some(self.flows.insert(Flow { socket, key, service: service_at, used: now, answered: false }))
    }

    fn send_back(&mut self, at: u32, space: &mut Space) -> bool {
        let now = Instant::now();
        for _ in 0..udp::TURNS {
            let Some(flow) = self.flows.get_mut(at) else { return false };
            let length = match rustix::net::recv(&flow.socket, &mut space.bytes[..], rustix::net::RecvFlags::DONTWAIT) {
                Ok((length, _)) => length,
                Err(Errno::AGAIN) => return false,
                // The container has nobody at the port (yet): the kernel told it by ICMP.
                Err(_) => continue,
            };
            (flow.used, flow.answered) = (now, true);
            let Some(service) = self.services.get_mut(flow.service) else { return false };
            let _ = inet::send_datagram(&service.socket, &space.bytes[..length], flow.key.client, flow.key.own);
        }
        true
    }
}
