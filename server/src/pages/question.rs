//! A question in the words of an address: that of `compare`, and what is changed for a what-if.

use green_corridor::DataFile;
use green_corridor::routing::{Objective, Question};

/// Longest text of a field, and places of a list.
const MOST_TEXT: usize = 100;
const MOST_LISTED: usize = 16;
const MOST_OPTIONS: usize = 100;
/// Load factors, per cent of today's.
const LOADS: std::ops::RangeInclusive<u32> = 10..=300;
/// Grams of a kilowatt-hour of the grid.
const MOST_GRAMS: u32 = 2000;
const MODES: [&str; 5] = ["road", "rail", "sea", "inland_waterway", "air"];

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) change: Change,
}

/// What a what-if changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Change {
    /// Trucks drive on HVO.
    hvo: bool,
    /// Ships sail on methanol.
    methanol: bool,
    /// Grams CO2e of a kilowatt-hour from China's grid.
    grid: Option<u32>,
    /// Load factor of a mode, per cent of today's.
    load: Option<(u32, String)>,
}

impl Change {
    /// As a file for `compare --scenario`; `None`: nothing is changed.
    pub(super) fn scenario(&self) -> Option<DataFile> {
        let mut titles: Vec<String> = Vec::new();
        let mut tables = String::new();
        if self.hvo {
            titles.push("trucks on HVO".to_owned());
            tables += "\n[[energy_carrier]]\nmode = \"road\"\nenergy_carrier = \"hvo\"\n";
        }
        if self.methanol {
            titles.push("ships on methanol".to_owned());
            tables += "\n[[energy_carrier]]\nmode = \"sea\"\nenergy_carrier = \"methanol\"\n";
        }
        if let Some(grams) = self.grid {
            titles.push(format!("grid at {grams} g"));
            tables += &format!(
                "\n[[energy]]\nenergy_carrier = \"electricity\"\nregion = \"CN\"\nper = \"kWh\"\noperation_g = \"0\"\nprovision_g = \"{grams}\"\nsource_ref = \"own assumption\"\n"
            );
        }
        if let Some((load, mode)) = &self.load {
            titles.push(format!("{mode} loaded to {load} % of today"));
            let (whole, part) = (load / 100, load % 100);
            tables +=
                &format!("\n[[load_factor]]\nmode = \"{mode}\"\nratio = \"{whole}.{part:02}\"\n");
        }
        match titles.is_empty() {
            true => None,
            false => Some(DataFile::new(
                "what-if.toml",
                format!("title = \"{}\"\n{tables}", titles.join(", ")),
            )),
        }
    }
}

fn list(value: &str) -> Result<Vec<String>, String> {
    let all = value.split(',').map(|one| one.trim().to_owned());
    let all: Vec<String> = all.filter(|one| !one.is_empty()).collect();
    match all.len() > MOST_LISTED {
        true => Err(format!("at most {MOST_LISTED} of a kind")),
        false => Ok(all),
    }
}

/// Parameters that are no part of a question: the language, and what stands beside it.
pub(super) const BESIDE: [&str; 2] = ["lang", "beside"];

/// Reads an address.
pub(super) fn question(query: &str) -> Result<Asked, String> {
    let mut question = Question {
        container: "45G1".to_owned(),
        options: 10,
        ..Question::default()
    };
    let (mut from, mut to) = (String::new(), String::new());
    let mut change = Change::default();
    let (mut load, mut load_mode) = (None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.trim().to_owned();
        // An empty field of the form is one that was not filled in.
        if value.is_empty() || BESIDE.contains(&&*key) {
            continue;
        }
        let is_list = matches!(&*key, "via" | "avoid");
        let most = if is_list {
            MOST_TEXT * MOST_LISTED
        } else {
            MOST_TEXT
        };
        if value.len() > most {
            return Err(format!("{}: too long", key.escape_debug()));
        }
        let yes = || match &*value {
            "1" => Ok(true),
            "0" => Ok(false),
            _ => Err(format!("{key}: expected 1 or 0")),
        };
        let number = |range: std::ops::RangeInclusive<u32>| {
            let number = value.parse().ok().filter(|n| range.contains(n));
            let (least, most) = (range.start(), range.end());
            number.ok_or_else(|| format!("{key}: expected a whole number from {least} to {most}"))
        };
        match &*key {
            "from" => from = value,
            "to" => to = value,
            "cargo_kg" => question.cargo_kg = Some(value),
            "boxes" => question.boxes = Some(value),
            "box_share" => question.box_share = Some(value),
            "container" => question.container = value,
            "refrigerated" => question.refrigerated = yes()?,
            "depart" => question.depart = Some(value),
            "arrive_by" => question.arrive_by = Some(value),
            "via" => question.via = list(&value)?,
            "avoid" => question.avoid = list(&value)?,
            "modes" => question.modes = list(&value)?,
            "max_days" => question.max_days = Some(value),
            "carbon_price" => question.carbon_price = Some(value),
            "currency" => question.currency = Some(value),
            "hvo" => change.hvo = yes()?,
            "methanol" => change.methanol = yes()?,
            "grid" => change.grid = Some(number(0..=MOST_GRAMS)?),
            "load" => load = Some(number(LOADS)?),
            "load_mode" => {
                let known = MODES.into_iter().find(|mode| *mode == value);
                let wanted = || format!("load_mode: expected one of {}", MODES.join(", "));
                load_mode = Some(known.ok_or_else(wanted)?);
            }
            "options" => {
                let number = value
                    .parse()
                    .ok()
                    .filter(|n| (1..=MOST_OPTIONS).contains(n));
                question.options = number
                    .ok_or_else(|| format!("options: expected a number up to {MOST_OPTIONS}"))?;
            }
            "objective" => {
                let known = Objective::LIST.into_iter().find(|o| o.code() == value);
                question.objective = known.ok_or("objective: expected co2e, days or cost")?;
            }
            other => {
                return Err(format!(
                    "there is no field {}",
                    other.chars().take(30).collect::<String>().escape_debug()
                ));
            }
        }
    }
    if question.carbon_price.is_some() && question.currency.is_none() {
        return Err("carbon_price: expected a currency beside it".to_owned());
    }
    change.load = match (load, load_mode) {
        (Some(load), Some(mode)) => Some((load, mode.to_owned())),
        (None, None) => None,
        _ => {
            return Err(
                "load: expected load_mode beside it, and so the other way round".to_owned(),
            );
        }
    };
    match from.is_empty() || to.is_empty() {
        true => Err("expected from and to".to_owned()),
        false => Ok(Asked {
            question,
            from,
            to,
            change,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_from_its_words() {
        let asked = question(
            "from=CNCKG&to=Singapore&via=CNQZH,+VNHPH&cargo_kg=&options=3&objective=days&lang=zh",
        )
        .expect("a question");
        assert_eq!((&*asked.from, &*asked.to), ("CNCKG", "Singapore"));
        let found = asked.question;
        assert_eq!(
            (found.via, found.cargo_kg, found.options),
            (vec!["CNQZH".to_owned(), "VNHPH".to_owned()], None, 3)
        );
        assert_eq!(found.objective, Objective::Days);
        assert!(asked.change.scenario().is_none());
        let long = format!("from={}&to=b", "a".repeat(200));
        let many = format!("from=a&to=b&avoid={}", "x,".repeat(20));
        for bad in [
            "",
            "from=a",
            "from=a&to=b&x=1",
            "from=a&to=b&options=0",
            "from=a&to=b&carbon_price=3",
            "from=a&to=b&objective=x",
            "from=a&to=b&hvo=yes",
            "from=a&to=b&refrigerated=true",
            "from=a&to=b&grid=-1",
            "from=a&to=b&load=9&load_mode=road",
            "from=a&to=b&load=110",
            "from=a&to=b&load_mode=road",
            "from=a&to=b&load=110&load_mode=camel",
            &long,
            &many,
        ] {
            assert!(question(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_what_if_is_a_scenario_file() {
        let asked = question("from=a&to=b&hvo=1&methanol=1&grid=350&load=105&load_mode=sea");
        let file = asked
            .expect("a question")
            .change
            .scenario()
            .expect("a file");
        let text = String::from_utf8(file.bytes).expect("text");
        let file: toml::Table = toml::from_str(&text).expect("TOML");
        assert_eq!(
            file["title"].as_str(),
            Some("trucks on HVO, ships on methanol, grid at 350 g, sea loaded to 105 % of today")
        );
        assert_eq!(file["load_factor"][0]["ratio"].as_str(), Some("1.05"));
        assert_eq!(file["energy"][0]["provision_g"].as_str(), Some("350"));
        assert_eq!(file["energy_carrier"].as_array().map(Vec::len), Some(2));
    }
}
