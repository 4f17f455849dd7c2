// Remedies on a simulated world whose truth is known: worst-group regret before and after group DRO and a reward for each group, and what
// length earns before and after debias_length. Reward models are trained by `attune run` and read by `attune score`; see remedies.sh.
//   dotnet run -c Release studies/remedies/remedies.cs make FOLDER SEED    labels, groups, answers and a recipe
//   dotnet run -c Release studies/remedies/remedies.cs measure FOLDER...   a Markdown table of all seeds
#:project ../../src/Attune.Audit/Attune.Audit.csproj
#:project ../../src/Attune.Worlds/Attune.Worlds.csproj
#:property PublishAot=false
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Audit.Presumptions;
using Attune.Audit.Rewards;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Worlds.Annotators;
using Attune.Worlds.Tiny;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Labels = 4000;
const int Sets = 256;
const int PerSet = 16;
string[] rewards = ["plain", "robust", "many", "few", "length", "debiased"];

// Eight people like what the tiny language's utility says. Two like other things of the same answers: echoes more, pairs not.
var groups = new AnnotatorOptions
{
    Count = 10,
    Noise = 0.4,
    Groups =
    [
        new AnnotatorGroup("many", 8),
        new AnnotatorGroup("few", 2)
        {
            Emphasis = new Dictionary<string, double> { ["pairs"] = -0.5, ["echo"] = 2 }.ToImmutableDictionary(),
        },
    ],
};
if (args is ["make", var place, var number])
{
    Make(place, ulong.Parse(number));
    return 0;
}

Measure(args[1..]);
return 0;

void Make(string folder, ulong number)
{
    Directory.CreateDirectory(folder);
    var seed = new Seed(number);
    var people = new SimulatedAnnotators(new TinyUtility(), groups, seed.For("people"));
    // Careless raters who take length for care: the bias is 0.2 a letter.
    var careless = new SimulatedAnnotators(new TinyProxy(), new AnnotatorOptions { Count = 1, Noise = 0.4 }, seed.For("careless"));
    Write(folder, "groups.jsonl", Pairs(people, seed.For("pairs")));
    Write(folder, "length.jsonl", Pairs(careless, seed.For("length")));
    var names = Enumerable.Range(0, people.Count).ToDictionary(people.NameOf, a => people.GroupOf(a)!.Name);
    File.WriteAllText(Path.Combine(folder, "groups.json"), JsonSerializer.Serialize(names));
    var rows = Answers(number).Select(a => (object)new { prompt = a.Prompt.Key, completion = a.Answer });
    File.WriteAllLines(Path.Combine(folder, "answers.jsonl"), rows.Select(r => JsonSerializer.Serialize(r)));
    File.WriteAllText(Path.Combine(folder, "recipe.yaml"), Recipe(Path.GetFullPath(folder), number));
}

// What is compared, and what is chosen from later, are the language's own answers.
static IEnumerable<(Prompt Prompt, string Answer)> Answers(ulong number) =>
    TinyLanguage
        .Demonstrations(new Seed(number).For("answers"), 100 * Sets * PerSet)
        .GroupBy(d => d.Prompt)
        .SelectMany(g => g.Take(Sets * PerSet / 4).Select(d => (d.Prompt, d.Answer)));

static IEnumerable<string> Pairs(SimulatedAnnotators people, Seed seed)
{
    var drawn = TinyLanguage.Demonstrations(seed, 4 * Labels).GroupBy(d => d.Prompt).SelectMany(g => g.Chunk(2)).Where(c => c.Length == 2);
    return drawn
        .Where(c => c[0].Answer != c[1].Answer)
        .Take(Labels)
        .Select((c, i) => people.Compare(c[0].Prompt, c[0].Answer, c[1].Answer, i).ToPreference())
        .Where(p => p is not null)
        .Select(p =>
            JsonSerializer.Serialize(
                new
                {
                    prompt = p!.Prompt.Key,
                    chosen = p.Chosen,
                    rejected = p.Rejected,
                    annotator = p.Annotator,
                }
            )
        );
}

static void Write(string folder, string name, IEnumerable<string> lines)
{
    // Answers of one prompt come together above; the order is shuffled by training.
    File.WriteAllLines(Path.Combine(folder, name), lines);
}

static string Recipe(string folder, ulong number)
{
    string Reward(string data, string more) =>
        $$"""
              - reward:
                  data: {{folder}}/{{data}}
                  test_split: 0
                  read_before_end: true
                  epochs: 4
                  batch_size: 64
                  microbatch_size: 64
                  learning_rate: 3e-3
                  max_length: 9
                  max_new_tokens: 5
                  evaluate_every: 0
                  checkpoint_every: 0
            {{more}}
            """;
    var known = $"      groups: {folder}/groups.json\n";
    return $$"""
            name: remedies
            seed: {{number}}
            stages:
              - pretrain:
                  data: tiny:documents
                  rows: 8000
                  family: gpt2
                  layers: 2
                  width: 32
                  heads: 4
                  context_length: 9
                  epochs: 2
                  batch_size: 64
                  microbatch_size: 64
                  learning_rate: 3e-3
                  packing: false
                  max_length: 9
                  evaluate_every: 0
                  checkpoint_every: 0

            """
        + Reward("groups.jsonl", "")
        + Reward("groups.jsonl", known + "      robust_step: 0.1\n")
        + Reward("groups.jsonl", known + "      only_group: many\n")
        + Reward("groups.jsonl", known + "      only_group: few\n")
        + Reward("length.jsonl", "")
        + Reward("length.jsonl", "      debias_length: true\n");
}

void Measure(string[] folders)
{
    var seeds = folders.Select(Figures).ToArray();
    Console.WriteLine("| figure | " + string.Join(" | ", folders.Select(Path.GetFileName)) + " | mean (range) |");
    Console.WriteLine("|---|" + string.Concat(Enumerable.Repeat("---|", folders.Length + 1)));
    foreach (var name in seeds[0].Keys)
    {
        double[] values = [.. seeds.Select(s => s[name])];
        var cells = string.Join(" | ", values.Select(v => v.ToString("0.000")));
        Console.WriteLine($"| {name} | {cells} | {values.Average():0.000} ({values.Min():0.000} to {values.Max():0.000}) |");
    }
}

Dictionary<string, double> Figures(string folder)
{
    var scores = rewards.ToDictionary(r => r, r => Scores(Path.Combine(folder, "scored-" + r + ".jsonl")));
    var answers = File.ReadLines(Path.Combine(folder, "answers.jsonl")).Select(l => JsonNode.Parse(l)!).ToArray();
    (Prompt Prompt, string Answer)[] texts =
    [
        .. answers.Select(a => ((Prompt)new Prompt.Text((string)a["prompt"]!), (string)a["completion"]!)),
    ];
    var people = new SimulatedAnnotators(new TinyUtility(), groups, new Seed(1));
    double[] many = [.. texts.Select(t => people.TasteOf(0, t.Prompt, t.Answer))],
        few = [.. texts.Select(t => people.TasteOf(9, t.Prompt, t.Answer))];
    var figures = new Dictionary<string, double>();
    foreach (var reward in new[] { "plain", "robust" })
    {
        var (one, two) = (Regret(scores[reward], many), Regret(scores[reward], few));
        figures[$"{reward}: regret of the many"] = one;
        figures[$"{reward}: regret of the few"] = two;
        figures[$"{reward}: worst-group regret"] = Math.Max(one, two);
    }

    var (own, other) = (Regret(scores["many"], many), Regret(scores["few"], few));
    figures["a reward a group: regret of the many"] = own;
    figures["a reward a group: regret of the few"] = other;
    figures["a reward a group: worst-group regret"] = Math.Max(own, other);
    var gold = new TinyUtility();
    foreach (var reward in new[] { "length", "debiased" })
    {
        ScoredAnswer[] scored =
        [
            .. texts.Select((t, i) => new ScoredAnswer(t.Prompt.Key, t.Answer, scores[reward][i], gold.Of(t.Prompt, t.Answer).Total)),
        ];
        var earned = RewardForm.Measure(scored).First(f => f.Measure.StartsWith("length", StringComparison.Ordinal));
        figures[$"{reward}: reward of a doubling of length, gold held fixed"] = earned.Value ?? double.NaN;
        figures[$"{reward}: correlation with gold"] =
            Correlation.Pearson(scores[reward], [.. scored.Select(s => s.Gold!.Value)]) ?? double.NaN;
        figures[$"{reward}: regret of its choice of {PerSet} in gold"] = Regret(scores[reward], [.. scored.Select(s => s.Gold!.Value)]);
    }

    return figures;
}

// The best by utility less the choice by reward, of each set of answers to one prompt.
static double Regret(double[] reward, double[] utility) =>
    Enumerable
        .Range(0, reward.Length / PerSet)
        .Average(set =>
        {
            var own = Enumerable.Range(set * PerSet, PerSet).ToArray();
            return own.Max(i => utility[i]) - utility[own.MaxBy(i => reward[i])];
        });

static double[] Scores(string file) => [.. File.ReadLines(file).Select(l => (double)JsonNode.Parse(l)!["score"]!)];
