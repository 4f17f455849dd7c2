using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Supervised;
using Attune.Methods.Tests.Loop;
using Attune.Models.Files;
using Attune.Testing;

namespace Attune.Methods.Tests.Supervised;

/// <summary>Attune's settings repeat TRL's runs of supervised fine-tuning, row by row and figure by figure.</summary>
public sealed class SftTrlRunTests
{
    private const string Runs = "trl-1.16/sft.json";

    private static readonly Dictionary<string, (Func<ImmutableArray<PackedRow>> Rows, SftLossOptions Loss)> Settings = new()
    {
        ["whole"] = (() => Single(TrlRuns.Demonstrations().Select(Whole)), new()),
        ["text"] = (() => Single(TrlRuns.Demonstrations().Select(Whole)), new()),
        ["completion"] = (() => Single(TrlRuns.Demonstrations()), new()),
        ["padding_free"] = (() => Single(TrlRuns.Demonstrations()), new()),
        ["dft"] = (() => Single(TrlRuns.Demonstrations()), new() { LossType = SftLoss.Dft }),
        ["accumulate_4"] = (() => Single(TrlRuns.Demonstrations()), new()),
        ["max_length_40"] = (() => Single(Cut(TrlRuns.Demonstrations(), 40).Where(s => s.AnswerStart < s.Length)), new()),
        ["packing_bfd_64"] = (() => Packing.BestFitDecreasing([.. Cut(TrlRuns.Texts(), 64)], 64), new()),
        ["packing_bfd_64_truncating"] = (() => Packing.BestFitDecreasing([.. Cut(TrlRuns.Demonstrations(), 64)], 64), new()),
        ["packing_bfd_split_64"] = (() => Split(TrlRuns.Demonstrations(), 64), new()),
        ["assistant_only"] = (() => Single(Replies()), new()),
    };

    public static TheoryData<string> Names => [.. Settings.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_run_is_repeated(string name)
    {
        var steps = TrlRuns.Steps(Runs, name);
        using var model = TrlRuns.Model();
        var (rows, loss) = Settings[name];
        var run = await TrlRuns.RunAsync(new Sft.Objective(model, loss), rows(), steps.Length);
        // TRL logs the mean of its micro-batches' means of these.
        TrlRuns.Agree(steps, run, 2e-4, name == "accumulate_4" ? ["entropy", "mean_token_accuracy"] : []);
    }

    [Fact]
    public async Task A_run_of_an_adapter_is_repeated()
    {
        var steps = TrlRuns.Steps("trl-1.16/lora_dpo.json", "sft_continue_adapter");
        using var origin = TrlRuns.Model();
        using var policy = AdapterFiles.LoadLanguageModel(origin, SharedData.Require("golden/trl-1.16/adapter"));
        var run = await TrlRuns.RunAsync(new Sft.Objective(policy), Single(TrlRuns.Demonstrations()), steps.Length);
        TrlRuns.Agree(steps, run, 2e-4);
    }

    [Theory]
    [InlineData("packing_bfd_64")]
    [InlineData("packing_bfd_64_truncating")]
    public void The_rows_are_packed_as_TRL_packs_them(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/" + Runs)));
        int[][] expected =
        [
            .. document
                .RootElement.GetProperty("runs")
                .GetProperty(name)
                .GetProperty("rows")
                .EnumerateArray()
                .Select(r => r.GetProperty("input_ids").EnumerateArray().Select(t => t.GetInt32()).ToArray()),
        ];
        var found = Settings[name].Rows();
        Assert.Equal(expected, found.Select(r => r.Segments.SelectMany(s => s.Tokens).ToArray()));
    }

    private static ImmutableArray<PackedRow> Single(IEnumerable<TokenSequence> rows) => [.. rows.Select(r => new PackedRow([r]))];

    /// <summary>Each reply of TRL's rows after what stands before it: one row a reply, as Attune learns conversations.</summary>
    private static List<TokenSequence> Replies()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/" + Runs)));
        var replies = new List<TokenSequence>();
        foreach (var row in document.RootElement.GetProperty("runs").GetProperty("assistant_only").GetProperty("rows").EnumerateArray())
        {
            int[] Numbers(string field) => [.. row.GetProperty(field).EnumerateArray().Select(t => t.GetInt32())];
            var (tokens, labels) = (Numbers("input_ids"), Numbers("labels"));
            for (var end = 1; end <= labels.Length; end++)
            {
                if (labels[end - 1] >= 0 && (end == labels.Length || labels[end] < 0))
                {
                    var start = Array.FindLastIndex(labels, end - 1, l => l < 0) + 1;
                    replies.Add(new TokenSequence([.. tokens[..end]], start));
                }
            }
        }

        return replies;
    }

    private static TokenSequence Whole(TokenSequence row) => row with { AnswerStart = 1 };

    private static IEnumerable<TokenSequence> Cut(IEnumerable<TokenSequence> rows, int length) =>
        rows.Select(r => new TokenSequence(r.Tokens[..Math.Min(length, r.Length)], Math.Min(r.AnswerStart, Math.Min(length, r.Length))));

    private static ImmutableArray<PackedRow> Split(IEnumerable<TokenSequence> rows, int length) =>
        Packing.BestFitDecreasing([.. rows.SelectMany(r => Packing.Pieces(r, length))], length);
}
