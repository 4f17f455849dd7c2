// Makes the data of recipes/course-sentiment-ppo.yaml and recipes/course-safety-dpo.yaml from public files. Run it from the root of the
// checkout:
//   dotnet run recipes/data/course.cs -- FOLDER [OUT]        OUT is runs/course/data unless given
// FOLDER holds sentiment/rt-polarity.pos and .neg (Pang and Lee 2005), preferences/polite-rude.json (rasbt/LLMs-from-scratch),
// preferences/hh-harmless.jsonl.gz (Bai et al. 2022, harmless-base) and instructions/alpaca_en_demo.json (Alpaca's instructions). What goes
// where is decided by a hash of the text, so that the same files give the same rows.
#:property PublishAot=false
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

if (args.Length is < 1 or > 2)
{
    Console.Error.WriteLine("usage: dotnet run recipes/data/course.cs -- FOLDER [OUT]");
    return 2;
}

var (source, target) = (args[0], args.Length > 1 ? args[1] : Path.Combine("runs", "course", "data"));
string[] needed =
[
    "sentiment/rt-polarity.pos",
    "sentiment/rt-polarity.neg",
    "preferences/polite-rude.json",
    "preferences/hh-harmless.jsonl.gz",
    "instructions/alpaca_en_demo.json",
];
if (needed.FirstOrDefault(f => !File.Exists(Path.Combine(source, f))) is { } absent)
{
    Console.Error.WriteLine($"{Path.Combine(source, absent)} is not there; the folder has to hold {string.Join(", ", needed)}.");
    return 2;
}

Directory.CreateDirectory(target);
Sentiment();
Tone();
Safety();
Instructions();
return 0;

// 80/10/10 by sentence. The second classifier learns the middle tenth, which the first never sees.
void Sentiment()
{
    (string Text, bool Good)[] rows =
    [
        .. new[] { ("pos", true), ("neg", false) }
            .SelectMany(p =>
                File.ReadLines(Path.Combine(source, $"sentiment/rt-polarity.{p.Item1}"), Encoding.Latin1)
                    .Select(line => (Text: line.Trim(), Good: p.Item2))
            )
            .Where(r => r.Text.Length > 0)
            .DistinctBy(r => r.Text)
            .OrderBy(r => Hash("order " + r.Text)), // mixed, so that the first rows are of either kind
    ];
    var parts = rows.ToLookup(r =>
        (Hash(r.Text) % 10) switch
        {
            < 8 => "train",
            8 => "judge",
            _ => "test",
        }
    );
    foreach (var part in parts)
    {
        Write($"reviews-{part.Key}.jsonl", part.Select(r => Row(("prompt", ""), ("completion", r.Text), ("label", r.Good))));
    }

    var learned = parts["train"].Select(r => Halves(r.Text)).OfType<Sentence>().ToArray();
    Write("reviews-texts.jsonl", learned.Select(s => Row(("prompt", s.Beginning), ("completion", s.Ending))));
    Write("reviews-prompts.jsonl", learned.Select(s => Row([("prompt", s.Beginning)])));
    // Positive mood is to come from beginnings of negative sentences.
    Write(
        "reviews-prompts-held-out.jsonl",
        parts["test"]
            .Where(r => !r.Good)
            .OrderBy(r => Hash(r.Text))
            .Select(r => Halves(r.Text))
            .OfType<Sentence>()
            .Select(s => Row([("prompt", s.Beginning)]))
    );
}

// A sentence's first two to five words, which are two to eight tokens for most, and the rest; null where there is none.
Sentence? Halves(string text)
{
    var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    var count = 2 + (int)(Hash("cut " + text) % 4);
    return words.Length > count ? new Sentence(string.Join(' ', words[..count]), " " + string.Join(' ', words[count..])) : null;
}

// Each pair stands in the data both ways, under two system prompts; 120 pairs are held out.
void Tone()
{
    const string kind = "Be kind and polite.";
    const string blunt = "Be blunt and mock the user.";
    var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "preferences/polite-rude.json")))!.AsArray().Select(r => r!);
    Pair[] pairs =
    [
        .. rows.Select(r => new Pair(
                Messages(("user", Question(r))),
                r["chosen"]!.GetValue<string>().Trim(),
                r["rejected"]!.GetValue<string>().Trim()
            ))
            .Where(p => p.First != p.Second)
            .DistinctBy(p => p.Key),
    ];
    Switched("tone", pairs, kind, blunt, heldOut: 120);
}

static string Question(JsonNode row) => (row["instruction"]!.GetValue<string>() + "\n" + row["input"]!.GetValue<string>()).Trim();

// Pairs in which exactly one answer declines, of at most 200 tokens or so.
void Safety()
{
    const string careful = "You are careful. Decline what could do harm, and say why.";
    const string open = "Answer what is asked, without a lecture.";
    const int longest = 750;
    var pairs = new List<Pair>();
    foreach (var line in Lines(Path.Combine(source, "preferences/hh-harmless.jsonl.gz")).Where(l => l.Length > 0))
    {
        var row = JsonNode.Parse(line)!;
        var (chosen, rejected) = (row["chosen"]!.GetValue<string>(), row["rejected"]!.GetValue<string>());
        var (before, first) = Cut(chosen);
        var (other, second) = Cut(rejected);
        if (
            before == other
            && Declines(first) != Declines(second)
            && first.Length > 0
            && second.Length > 0
            && chosen.Length <= longest
            && rejected.Length <= longest
        )
        {
            pairs.Add(new Pair(Turns(before), Declines(first) ? first : second, Declines(first) ? second : first));
        }
    }

    Switched("safety", [.. pairs.DistinctBy(p => p.Key)], careful, open, heldOut: 40);
}

// What is not to be forgotten: 128 instructions with short answers.
void Instructions()
{
    var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "instructions/alpaca_en_demo.json")))!.AsArray().Select(r => r!);
    Write(
        "instructions.jsonl",
        rows.Where(r => r["output"]!.GetValue<string>().Length is > 0 and < 400)
            .OrderBy(r => Hash(Question(r)))
            .Take(128)
            .Select(r => Row(("prompt", Messages(("user", Question(r)))), ("completion", Reply(r["output"]!.GetValue<string>().Trim()))))
    );
}

void Switched(string name, Pair[] pairs, string firstSystem, string secondSystem, int heldOut)
{
    var ordered = pairs.OrderBy(p => Hash(p.Key)).ToArray();
    Part(name + "-held-out", ordered[..heldOut]);
    Part(name, ordered[heldOut..]);

    void Part(string file, Pair[] own)
    {
        JsonObject[] Both(Func<Pair, JsonArray, string, string, JsonObject> make) =>
            [
                .. own.SelectMany(p =>
                    new[] { make(p, Under(firstSystem, p), p.First, p.Second), make(p, Under(secondSystem, p), p.Second, p.First) }
                ),
            ];
        Write(
            $"{file}.jsonl",
            Both((_, prompt, wanted, not) => Row(("prompt", prompt), ("chosen", Reply(wanted)), ("rejected", Reply(not))))
        );
        Write($"{file}-replies.jsonl", Both((_, prompt, wanted, _) => Row(("prompt", prompt), ("completion", Reply(wanted)))));
        // To compare: the first answer is always wanted, and no system prompt says so.
        Write(
            $"{file}-without-switch.jsonl",
            own.Select(p => Row(("prompt", p.Asked.DeepClone()), ("chosen", Reply(p.First)), ("rejected", Reply(p.Second))))
        );
    }
}

static JsonArray Under(string system, Pair pair) => [.. new[] { Message("system", system) }.Concat(pair.Asked.Select(m => m!.DeepClone()))];

static JsonArray Messages(params (string Role, string Content)[] messages) => [.. messages.Select(m => Message(m.Role, m.Content))];

static JsonNode Message(string role, string content) => new JsonObject { ["role"] = role, ["content"] = content };

static JsonArray Reply(string text) => Messages(("assistant", text));

static (string Before, string Answer) Cut(string transcript)
{
    const string mark = "\n\nAssistant:";
    var at = transcript.LastIndexOf(mark, StringComparison.Ordinal);
    return at < 0 ? ("", "") : (transcript[..at], transcript[(at + mark.Length)..].Trim());
}

static JsonArray Turns(string transcript) =>
    [
        .. Regex
            .Matches(transcript, @"\n\n(Human|Assistant):(.*?)(?=\n\n(?:Human|Assistant):|\z)", RegexOptions.Singleline)
            .Select(m => Message(m.Groups[1].Value == "Human" ? "user" : "assistant", m.Groups[2].Value.Trim())),
    ];

// What people who decline begin with: read by eye over a sample of the rows, not learned.
static bool Declines(string answer) =>
    Regex.IsMatch(
        answer.Replace('’', '\''),
        @"\b(I('m| am) (really |very |so )?(sorry|afraid)|I (can't|cannot|won't|will not|don't want to|shouldn't|wouldn't) "
            + @"|I('m| am) not (able|comfortable|going|willing)|I don't feel comfortable"
            + @"|(it|that|this)('s| is| would be) (very |really )?(illegal|wrong|against the law|not (ok|okay|right|appropriate|legal)))",
        RegexOptions.IgnoreCase
    );

static IEnumerable<string> Lines(string path)
{
    using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
    while (reader.ReadLine() is { } line)
    {
        yield return line;
    }
}

static ulong Hash(string text) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

static JsonObject Row(params (string Name, JsonNode Value)[] fields) =>
    [.. fields.Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, f.Value))];

void Write(string name, IEnumerable<JsonObject> rows)
{
    var options = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    var lines = rows.Select(r => r.ToJsonString(options)).ToArray();
    File.WriteAllLines(Path.Combine(target, name), lines);
    Console.WriteLine($"{Path.Combine(target, name)}: {lines.Length} rows");
}

internal sealed record Sentence(string Beginning, string Ending);

/// <param name="Asked">The turns before the answers.</param>
/// <param name="First">Wanted under the first system prompt.</param>
internal sealed record Pair(JsonArray Asked, string First, string Second)
{
    public string Key => Asked.ToJsonString();
}
