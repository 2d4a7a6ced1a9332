//! Tars with sound checksums: a fuzzer that changes bytes of a header would never get past the first check.
//!
//! An input is a plan: each entry takes a few of its bytes. The plan is followed as far as the bytes go.

const BLOCK: usize = 512;

/// Names that get in each other's way.
const NAMES: [&str; 24] = [
    "a",
    "b",
    "a/b",
    "a/b/c",
    "./a",
    "a/",
    "../a",
    "/a",
    "a/../b",
    "l",
    "l/a",
    "l/l/x",
    ".wh.a",
    "a/.wh.b",
    "l/.wh.a",
    ".wh..wh..opq",
    "a/.wh..wh..opq",
    "l/.wh..wh..opq",
    ".wh..wh.x",
    ".wh.",
    "",
    "./",
    "a/b/../../../x",
    ".wh..",
];
const LINKS: [&str; 12] =
    ["a", "b", "a/b", "..", "../..", "/", "/a/b", ".", "l", "../../../../../../../../tmp/fuzz-canary", "/tmp/fuzz-canary", ""];
const FLAGS: &[u8] = b"0\x0001234567xgLKVSD";
const SIZES: [u64; 8] = [0, 1, 3, 511, 512, 513, 5000, u64::MAX];

/// Makes the tar of a plan. A plan that begins with 0xff is the tar itself.
pub fn build(plan: &[u8]) -> Vec<u8> {
    if let [0xff, raw @ ..] = plan {
        return raw.to_vec();
    }
    let mut steps = Steps(plan);
    let mut tar = Vec::new();
    while let Some(entry) = steps.entry() {
        entry.write(&mut tar);
    }
    let ending = usize::from(steps.next() % 4) * BLOCK;
    tar.resize(tar.len() + ending, 0);
    tar.extend(steps.0.iter().take(usize::from(ending == 0) * 100));
    tar
}

struct Steps<'a>(&'a [u8]);

impl Steps<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::from(self.next()) % list.len()]
    }

    fn name<'b>(&mut self, list: &[&'b str]) -> std::borrow::Cow<'b, str> {
        match self.next() {
            0xfe => "x/".repeat(usize::from(self.next()) * 20).into(),
            byte => list[usize::from(byte) % list.len()].into(),
        }
    }

    fn entry(&mut self) -> Option<Entry> {
        if self.0.len() < 6 {
            return None;
        }
        let flag = self.of(FLAGS);
        let name = self.name(&NAMES).into_owned();
        let link = if matches!(flag, b'1' | b'2') { self.name(&LINKS).into_owned() } else { String::new() };
        let mode = u32::from(self.next()) << 4 | u32::from(flag == b'0');
        let mut data = match flag {
            b'x' | b'g' => self.records(),
            b'L' => [self.name(&NAMES).as_bytes(), b"\0"].concat(),
            b'K' => [self.name(&LINKS).as_bytes(), b"\0"].concat(),
            b'0' | 0 | b'7' | b'S' => vec![b'd'; usize::try_from(SIZES[usize::from(self.next()) % 7]).unwrap_or(0)],
            _ => Vec::new(),
        };
        let oddity = self.next();
        let mut size = data.len() as u64;
        if oddity & 0xf0 == 0xf0 {
            size = SIZES[usize::from(oddity & 7)];
        }
        if oddity & 0xf0 == 0xe0 {
            data.truncate(usize::from(oddity & 15) * 40);
        }
        let mut sparse = [0; 4];
        if flag == b'S' {
            sparse = [0; 4].map(|_| self.next());
        }
        Some(Entry { flag, name, link, mode, size, data, sparse })
    }

    fn records(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        for _ in 0..self.next() % 4 {
            let (key, value) = match self.next() % 15 {
                0 => ("path", self.name(&NAMES).into_owned()),
                1 => ("linkpath", self.name(&LINKS).into_owned()),
                2 => ("size", self.of(&SIZES).to_string()),
                3 => ("uid", (u64::from(self.next()) << 24).to_string()),
                4 => ("mtime", format!("-{}.{}", self.next(), self.next())),
                5 => ("GNU.sparse.map", format!("{},{},{},{}", self.next(), self.next(), self.next(), self.next())),
                6 => ("GNU.sparse.size", (u64::from(self.next()) * 100).to_string()),
                7 => ("GNU.sparse.major", (self.next() % 3).to_string()),
                8 => ("GNU.sparse.minor", (self.next() % 2).to_string()),
                9 => ("GNU.sparse.name", self.name(&NAMES).into_owned()),
                10 => ("GNU.sparse.offset", self.next().to_string()),
                11 => ("GNU.sparse.numbytes", self.next().to_string()),
                13 => ("GNU.sparse.numblocks", (self.next() % 4).to_string()),
                12 => ("SCHILY.xattr.user.overlay.opaque", "y".to_owned()),
                _ => ("SCHILY.xattr.user.x", "\u{0}\n=".to_owned()),
            };
            all.extend(record(key, value.as_bytes()));
        }
        if self.next() == 0xff {
            all.pop();
        }
        all
    }
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len += 1;
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

struct Entry {
    flag: u8,
    name: String,
    link: String,
    mode: u32,
    size: u64,
    data: Vec<u8>,
    sparse: [u8; 4],
}

impl Entry {
    fn write(&self, tar: &mut Vec<u8>) {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8], max: usize| {
            let len = bytes.len().min(max);
            block[at..at + len].copy_from_slice(&bytes[..len]);
        };
        put(0, self.name.as_bytes(), 100);
        put(100, format!("{:07o}\0", self.mode & 0o7777).as_bytes(), 8);
        put(108, b"0000000\0", 8);
        put(116, b"0000000\0", 8);
        if self.size < 1 << 33 {
            put(124, format!("{:011o}\0", self.size).as_bytes(), 12);
        } else {
            put(124, &[&[0x80, 0, 0, 0], &self.size.to_be_bytes()[..]].concat(), 12);
        }
        put(136, b"13752112000\0", 12);
        put(156, &[self.flag], 1);
        put(157, self.link.as_bytes(), 100);
        if self.flag == b'S' {
            put(257, b"ustar  \0", 8);
            let [a, b, c, more] = self.sparse.map(u64::from);
            put(386, format!("{a:011o}\0{b:011o}\0{:011o}\0{c:011o}\0", a + b).as_bytes(), 48);
            put(482, &[u8::from(more & 1 == 1)], 1);
            put(483, format!("{:011o}\0", a + b + c + more).as_bytes(), 12);
        } else {
            put(257, b"ustar\x0000", 8);
        }
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend(block);
        tar.extend(&self.data);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
}

/// Appends a plain file.
pub fn member(name: &str, contents: &[u8], tar: &mut Vec<u8>) {
    let (name, link, size) = (name.to_owned(), String::new(), contents.len() as u64);
    Entry { flag: b'0', name, link, mode: 0o644, size, data: contents.to_vec(), sparse: [0; 4] }.write(tar);
}
