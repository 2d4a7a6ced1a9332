//! What commands ask for, and what they are told.

use super::{Asker, Netd};
use crate::model::ContainerId;
use crate::net::netd::found;
use crate::net::netd::members::Stage;
use crate::net::netd::message::{Answer, Member, PACKET_BYTES, Refusal, Request};
use crate::net::netd::token::{Subject, data};
use crate::net::session::Way;
use crate::sys::netlink::Route;
use crate::sys::{inet, packet};
use rustix::event::epoll::{self, EventFlags};
use rustix::net::{SocketFlags, accept_with};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Instant;

impl Netd {
    pub(super) fn accept(&mut self, control: &OwnedFd) {
        while let Ok(socket) = accept_with(control, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            // The folder lets nobody else in; an open descriptor of it might.
            let own = rustix::process::geteuid().as_raw();
            if inet::peer_user(&socket).ok() != Some(own) {
                continue;
            }
            let at = self.askers.next();
            if epoll::add(&self.epoll, &socket, data(Subject::Asker, at), EventFlags::IN).is_ok() {
                self.serial += 1;
                self.askers.insert(Asker { socket, serial: self.serial, joined: None });
            }
        }
    }

    pub(super) fn hear(&mut self, at: u32) {
        let Some(asker) = self.askers.get_mut(at) else { return };
        self.space.resize(PACKET_BYTES, 0);
        match packet::receive(asker.socket.as_fd(), &mut self.space) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) | Ok(([], _)) => self.hang_up(at),
            Ok((text, fds)) => {
                let request = serde_json::from_slice(text);
                let answered = match request {
                    Ok(request) => self.answer(at, request, fds),
                    Err(error) => self.say(at, &Answer::Refused(Refusal::Misunderstood { reason: error.to_string() }), &[]),
                };
                if answered.is_err() {
                    self.hang_up(at);
                }
            }
        }
    }

    /// A command is gone: what it had taken in and did not start goes with it.
    pub(super) fn hang_up(&mut self, at: u32) {
        let Some(asker) = self.askers.remove(at) else { return };
        if let Some(id) = asker.joined
            && self.members.stage(&id) == Some(Stage::Starting { asker: asker.serial })
        {
            self.members.remove(&id);
        }
        self.idle_since = Instant::now();
    }

    fn answer(&mut self, at: u32, request: Request, fds: Vec<OwnedFd>) -> io::Result<()> {
        match request {
            Request::Join(member) => self.join(at, member),
            Request::Running => {
                let answer = self.running(at, fds);
                self.say(at, &answer, &[])
            }
            Request::Withdraw(id) => {
                for watched in self.inits.those(|(watched, _)| *watched == id) {
                    self.inits.remove(watched);
                }
                self.members.remove(&id);
                self.say(at, &Answer::Done, &[])
            }
            Request::Ports => {
                let lost = self.members.lost();
                self.say(at, &Answer::Ports { lost }, &[])
            }
            Request::Ping => self.say(at, &Answer::Done, &[]),
        }
    }

    fn join(&mut self, at: u32, member: Member) -> io::Result<()> {
        let Some(asker) = self.askers.get_mut(at) else { return Ok(()) };
        let id = member.id.clone();
        asker.joined = Some(id);
        let serial = asker.serial;
        if self.members.stage(&member.id).is_none() && !found::may_join(&member, &self.boot, &self.found.namespace) {
            return self.say(at, &Answer::Refused(Refusal::Homeless { container: member.name }), &[]);
        }
        if let Err(refusal) = self.members.join(member, serial) {
            return self.say(at, &Answer::Refused(refusal), &[]);
        }
        // The host may have got a network since of which nobody told, or a helper.
        if self.changes.is_none() || self.maker.is_none() && matches!(self.found.record.way, Way::Missing { .. }) {
            self.follow_host();
        }
        if self.maker.is_some() && matches!(self.found.record.way, Way::Missing { .. }) {
            self.waiting.push((at, serial));
            return Ok(());
        }
        self.say_joined(at)
    }

    /// Gives a command what the container needs.
    fn say_joined(&mut self, at: u32) -> io::Result<()> {
        let route = self.inside.run(Route::open).ok_or(io::ErrorKind::BrokenPipe)??;
        let (namespace, hand) = (self.found.namespace.try_clone()?, self.found.hand.try_clone()?);
        let no_way_out = match &self.found.record.way {
            Way::Missing { reason } => Some(reason.clone()),
            _ => None,
        };
        self.say(at, &Answer::Joined { no_way_out }, &[namespace, route.into(), hand])
    }

    /// Answers the commands that wait for the way out, whatever has become of it.
    pub(super) fn answer_waiting(&mut self) {
        for (at, serial) in std::mem::take(&mut self.waiting) {
            let is_there = self.askers.get_mut(at).is_some_and(|asker| asker.serial == serial);
            if is_there && self.say_joined(at).is_err() {
                self.hang_up(at);
            }
        }
    }

    fn running(&mut self, at: u32, fds: Vec<OwnedFd>) -> Answer {
        let id = self.askers.get_mut(at).and_then(|asker| asker.joined.clone());
        let known = id.filter(|id| self.members.stage(id).is_some());
        let Some(id) = known else {
            return Answer::Refused(Refusal::Misunderstood { reason: "no container was taken in by this connection".to_owned() });
        };
        let Some(init) = fds.into_iter().next() else {
            return Answer::Refused(Refusal::Misunderstood { reason: "a pidfd was to come along".to_owned() });
        };
        self.members.set_running(&id);
        for watched in self.inits.those(|(watched, _)| *watched == id) {
            self.inits.remove(watched);
        }
        match self.watch(id, init) {
            true => Answer::Done,
            false => Answer::Refused(Refusal::Ended),
        }
    }

    /// Waits for the end of an init; false where that cannot be.
    pub(super) fn watch(&mut self, id: ContainerId, init: OwnedFd) -> bool {
        let at = self.inits.next();
        if epoll::add(&self.epoll, &init, data(Subject::Member, at), EventFlags::IN).is_err() {
            self.members.remove(&id);
            return false;
        }
        self.inits.insert((id, init));
        true
    }

    pub(super) fn ended(&mut self, at: u32) {
        if let Some((id, _)) = self.inits.remove(at) {
            self.members.remove(&id);
            self.idle_since = Instant::now();
        }
    }

    fn say(&mut self, at: u32, answer: &Answer, fds: &[OwnedFd]) -> io::Result<()> {
        let Some(asker) = self.askers.get_mut(at) else { return Ok(()) };
        let fds: Vec<_> = fds.iter().map(OwnedFd::as_fd).collect();
        packet::send(asker.socket.as_fd(), &serde_json::to_vec(answer)?, &fds)
    }
}
