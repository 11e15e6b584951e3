//! A client of one server or two that are killed, stopped or both asked while it works: it repeats what was not
//! answered, as any good client does, and it does nothing for what was.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use super::drill::{Act, Hit, JOBS_EVERY_MS, LEASE_MS};
use super::stores::Servers;
use super::world::{Member, World};
use crate::support::api::{Answer, Api};
use crate::support::clock::{SOON, instant, until};
use crate::support::films::Film;

/// What is done to the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// Nothing; every point that is reached is noted.
    Rehearse,
    /// `kill -9` at the point, and a new start.
    Kill,
    /// SIGSTOP at the point for longer than any lease, while a second server takes over; then it goes on.
    Freeze,
    /// Every request goes to both servers; both stop at the point and go on together.
    Collide,
}

/// How often a waiting client looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A server that stands alone at the point waits so long for the other, which may never come.
const ALONE: Duration = Duration::from_millis(100);
/// Two rounds of the jobs.
const ROUNDS: Duration = Duration::from_millis(2 * JOBS_EVERY_MS);
/// How long a request may take beside stopped and killed servers, on a machine that does other things.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
/// Longer than any lease of a drill.
const OUTLASTED: Duration = Duration::from_millis(LEASE_MS + 200);

/// A request that can be sent again.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    body: Option<Value>,
    form: Option<Form>,
    key: Option<String>,
    operator: bool,
}

/// A file with the fields that go before it, as a browser sends a form.
#[derive(Debug, Clone)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    const BOUNDARY: &str = "the-end-of-a-field";

    pub(crate) fn of(fields: &serde_json::Map<String, Value>, film: &Film) -> Self {
        let mut form = Vec::new();
        let begin = format!("--{}\r\nContent-Disposition: form-data; name=", Self::BOUNDARY);
        for (name, value) in fields {
            let value = value.as_str().expect("a text");
            form.extend(format!("{begin}\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        form.extend(format!("{begin}\"file\"; filename=\"blob\"\r\n\r\n").bytes());
        form.extend(film.bytes());
        form.extend(format!("\r\n--{}--\r\n", Self::BOUNDARY).bytes());
        Self(form)
    }
}

impl Ask {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, form: None, key: None, operator: false }
    }

    pub(crate) fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// With a form instead of JSON.
    pub(crate) fn form(self, form: Form) -> Self {
        Self { form: Some(form), ..self }
    }

    /// With an Idempotency-Key.
    pub(crate) fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// As an operator.
    pub(crate) fn operator(self) -> Self {
        Self { operator: true, ..self }
    }

    fn of(&self, api: &Api) -> reqwest::RequestBuilder {
        let mut request = api.request(self.method.clone(), &self.path);
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some(Form(bytes)) = &self.form {
            let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
            request = request.header("content-type", kind).body(bytes.clone());
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        request
    }
}

/// The client, with the world it works in.
pub(crate) struct Client {
    pub(crate) world: World,
    treatment: Treatment,
    armed: bool,
    fired: bool,
    /// The server that gets the next request.
    active: usize,
    /// Which servers have stood still at the point.
    stood: [bool; 2],
    /// Which server stands still, and since when.
    frozen: Option<(usize, Instant)>,
    alone_since: Option<Instant>,
    /// Requests to a stopped server, which answers when it goes on.
    left: Vec<JoinSet<Option<Answer>>>,
    /// How often both servers stood at the point at once.
    pub(crate) met: u32,
}

impl Treatment {
    /// How many servers it takes.
    pub(crate) const fn servers(self) -> Servers {
        match self {
            Self::Rehearse | Self::Kill => Servers::One,
            Self::Freeze | Self::Collide => Servers::Two,
        }
    }
}

impl Client {
    pub(crate) fn new(world: World, treatment: Treatment) -> Self {
        Self {
            world,
            treatment,
            armed: false,
            fired: false,
            active: 0,
            stood: [false; 2],
            frozen: None,
            alone_since: None,
            left: Vec::new(),
            met: 0,
        }
    }

    /// Waits until only such points are reached for some rounds of the jobs: whoever prepared the scene, a task or a
    /// job beside it, may still be at it.
    pub(crate) async fn calm(&mut self, goes_on: impl Fn(&str) -> bool) {
        let began = instant();
        loop {
            self.note();
            tokio::time::sleep(ROUNDS).await;
            let reached = self.world.servers[0].drill.reached();
            if reached.contains_key("after:catalog.list_due_files") && reached.keys().all(|point| goes_on(point)) {
                return;
            }
            assert!(began.elapsed() < SOON, "it is not over: {reached:?}");
        }
    }

    /// From now on every point is noted.
    pub(crate) fn note(&mut self) {
        self.world.servers[0].drill.note();
    }

    /// From now on it may happen.
    pub(crate) fn arm(&mut self, at: &Hit) {
        (self.armed, self.fired, self.active, self.frozen, self.alone_since) = (true, false, 0, None, None);
        self.stood = [false; 2];
        let servers = &mut self.world.servers;
        match self.treatment {
            Treatment::Rehearse => {}
            Treatment::Kill => servers[0].drill.arm(Act::Kill, at),
            // Jobs run on either.
            Treatment::Freeze | Treatment::Collide => {
                servers.iter_mut().for_each(|member| member.drill.arm(Act::Stop, at))
            }
        }
    }

    /// Sends a request to whoever serves. `None`: the server did not live to answer, or is stopped; both are over when
    /// this returns, and the next request goes to a server that is well.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Option<Answer> {
        let mut sent = JoinSet::new();
        let both = self.armed && self.treatment == Treatment::Collide;
        let asked = self.active;
        let receivers = if both { 0..2 } else { asked..asked + 1 };
        for member in &self.world.servers[receivers] {
            let api = if ask.operator { member.operator.clone() } else { member.api.clone() };
            let request = ask.of(&api);
            sent.spawn(async move { api.try_send(request).await });
        }
        let mut best: Option<Answer> = None;
        let began = instant();
        loop {
            match tokio::time::timeout(LOOK_EVERY, sent.join_next()).await {
                Ok(None) => return best,
                Ok(Some(answer)) => match (answer.expect("no panic"), self.treatment) {
                    (Some(answer), _) => best = better(best, answer),
                    (None, Treatment::Kill) if self.armed => {
                        self.revive().await;
                        return None;
                    }
                    // It was found dead and started again while this waited.
                    (None, Treatment::Kill) if self.fired => return None,
                    (None, treatment) => panic!("a server of {treatment:?} hung up on {ask:?}"),
                },
                Err(_still_waiting) => {
                    self.watch().await;
                    if self.frozen.is_some_and(|(index, _)| index == asked) {
                        self.left.push(sent);
                        return None;
                    }
                    assert!(began.elapsed() < ANSWERED_WITHIN, "no answer to {ask:?}");
                }
            }
        }
    }

    /// Repeats a request until it is answered with one of these. What says "come back" is asked again.
    pub(crate) async fn insist(&mut self, ask: &Ask, accepted: &[u16]) -> Answer {
        let began = instant();
        loop {
            if let Some(answer) = self.ask(ask).await {
                let status = answer.status.as_u16();
                if accepted.contains(&status) {
                    return answer;
                }
                let code = answer.body["code"].as_str().unwrap_or_default();
                let come_back = status == 503 || code == "idempotency_key_in_progress";
                assert!(come_back, "{status} to {ask:?}: {:#}", answer.body);
                tokio::time::sleep(LOOK_EVERY).await;
            }
            assert!(began.elapsed() < SOON, "{ask:?} was not accepted");
        }
    }

    /// Sends every part of a role, again if the store went down with its server.
    pub(crate) async fn send_parts(&mut self, parts: &[Value], film: &Film) {
        for part in parts {
            let began = instant();
            loop {
                let sent = self.world.servers[0].api.try_part(part, film).await;
                if sent.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                self.watch().await;
                assert!(began.elapsed() < SOON, "the store does not take {part}");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Looks until there is something, minding the servers.
    pub(crate) async fn until<T>(&mut self, what: &str, mut look: impl AsyncFnMut(&mut Self) -> Option<T>) -> T {
        let began = instant();
        loop {
            if let Some(found) = look(self).await {
                return found;
            }
            self.watch().await;
            assert!(began.elapsed() < SOON, "{what}: not within {SOON:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Minds what may have happened to the servers in between.
    async fn watch(&mut self) {
        match self.treatment {
            Treatment::Rehearse => {}
            Treatment::Kill if self.armed && self.world.servers[0].server.has_ended() => self.revive().await,
            Treatment::Freeze if self.armed => self.find_frozen(),
            Treatment::Collide if self.armed => self.meet(),
            Treatment::Kill => {}
            // Who had made up its mind when it was disarmed stops a moment later.
            Treatment::Freeze | Treatment::Collide => {
                self.world.servers.iter().filter(|member| member.is_stopped()).for_each(Member::go_on);
            }
        }
    }

    /// Starts the dead server again where it was.
    async fn revive(&mut self) {
        let member = &mut self.world.servers[0];
        let status = member.server.ends().await;
        assert!(!member.drill.reached().is_empty(), "it ended with {status} and not at its point");
        member.drill.disarm();
        (self.armed, self.fired) = (false, true);
        member.server.start().await;
    }

    /// Whether a server stands still.
    fn stands(&mut self, index: usize) -> bool {
        let stands = self.world.servers[index].is_stopped();
        self.stood[index] |= stands;
        stands
    }

    /// Finds the server that stands still; the other is asked from now on. Only one stays so.
    fn find_frozen(&mut self) {
        let Some((frozen, _)) = self.frozen else {
            if let Some(frozen) = (0..2).find(|&index| self.stands(index)) {
                self.world.servers[1 - frozen].drill.disarm();
                (self.fired, self.active, self.frozen) = (true, 1 - frozen, Some((frozen, instant())));
            }
            return;
        };
        // It may have reached the point before it was disarmed.
        if self.stands(1 - frozen) {
            self.world.servers[1 - frozen].go_on();
        }
    }

    /// Lets two servers that stand at the point go on together, and one that stands there alone by itself.
    fn meet(&mut self) {
        let stand: Vec<usize> = (0..2).filter(|&index| self.stands(index)).collect();
        let alone = |since: &mut Option<Instant>| since.get_or_insert_with(instant).elapsed() < ALONE;
        match stand.len() {
            0 => self.alone_since = None,
            1 if alone(&mut self.alone_since) => {}
            both_or_late => {
                self.met += u32::from(both_or_late == 2);
                (self.fired, self.alone_since) = (true, None);
                stand.into_iter().for_each(|index| self.world.servers[index].go_on());
            }
        }
    }

    /// Waits until the point is reached, if it is not yet; jobs and probes reach some. False if nobody reaches it.
    pub(crate) async fn is_reached(&mut self, within: Duration) -> bool {
        let began = instant();
        let mut probes = JoinSet::new();
        while !self.fired && began.elapsed() < within {
            if probes.is_empty() {
                let (api, request) = self.readyz();
                probes.spawn(async move { api.try_send(request).await });
            }
            let _ = tokio::time::timeout(LOOK_EVERY, probes.join_next()).await;
            self.watch().await;
        }
        self.fired
    }

    /// Who had made up its mind when it was disarmed dies, or stops, a moment later; it has written that down by then.
    async fn await_late(&mut self) {
        tokio::time::sleep(LOOK_EVERY).await;
        for index in 0..self.world.servers.len() {
            if self.world.servers[index].drill.reached().is_empty() {
                continue;
            }
            match self.treatment {
                Treatment::Kill if !self.fired => self.revive().await,
                Treatment::Rehearse | Treatment::Kill => {}
                Treatment::Freeze | Treatment::Collide => {
                    while !self.stood[index] {
                        tokio::time::sleep(LOOK_EVERY).await;
                        self.watch().await;
                        self.stands(index);
                    }
                }
            }
        }
    }

    fn readyz(&self) -> (Api, reqwest::RequestBuilder) {
        let api = self.world.servers[0].api.clone();
        let request = api.request(Method::GET, "/readyz");
        (api, request)
    }

    /// Ends the treatment: nobody is stopped or dead any more, and what was left to a stopped server is answered.
    pub(crate) async fn recover(&mut self) {
        for member in &self.world.servers {
            member.drill.disarm();
        }
        self.await_late().await;
        if let Some((frozen, since)) = self.frozen.take() {
            until("every lease has lapsed", SOON, async || (since.elapsed() > OUTLASTED).then_some(())).await;
            self.world.servers[frozen].go_on();
        }
        while self.treatment == Treatment::Collide && self.world.servers.iter().any(Member::is_stopped) {
            self.meet();
            tokio::time::sleep(LOOK_EVERY).await;
        }
        for mut left in std::mem::take(&mut self.left) {
            let answered = left.join_next();
            crate::support::clock::soon("a server that goes on answers", answered).await;
        }
        (self.armed, self.fired, self.active) = (false, false, 0);
    }
}

/// Of two answers to one request the one that did more.
fn better(one: Option<Answer>, other: Answer) -> Option<Answer> {
    match one {
        Some(one) if one.status.as_u16() <= other.status.as_u16() => Some(one),
        _ => Some(other),
    }
}
