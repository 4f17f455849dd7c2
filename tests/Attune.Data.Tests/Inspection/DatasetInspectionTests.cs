using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Inspection;
using Attune.Testing;

namespace Attune.Data.Tests.Inspection;

public sealed class DatasetInspectionTests
{
    private const string Run = "one two three four five six seven eight nine ten eleven twelve thirteen";

    [Fact]
    public void Kinds_lengths_repetitions_and_overlap_are_counted()
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "train.jsonl",
            """
            {"prompt": "a", "chosen": "bb", "rejected": "ccc"}
            {"prompt": "a", "chosen": "bb", "rejected": "ccc"}
            {"prompt": "a", "chosen": "d", "rejected": "e"}
            {"prompt": "q", "chosen": "x", "rejected": null}

            """ + $$"""{"prompt": "p", "chosen": "Well, {{Run}}.", "rejected": "no", "id": 7}"""
        );
        folder.WriteText(
            "test.jsonl",
            $$"""
            {"prompt": "a", "completion": "z"}
            {"prompt": "p {{Run.ToUpperInvariant()}}", "completion": "z"}
            {"prompt": "d", "completion": "z"}
            """
        );
        var found = DatasetInspection.Of(
            folder.File("train.jsonl"),
            null,
            text => text.Split(' ').Length,
            folder.File("test.jsonl"),
            2,
            new Seed(1)
        );
        Assert.Equal([(DatasetKind.Preference, 4)], found.Kinds);
        Assert.Equal(["1 left out: \"rejected\" is empty"], found.Dropped.Select(d => d.ToString()));
        Assert.Equal(["not used: id (in 1 of 5 rows)"], found.Notes);
        Assert.Equal(new TextLengths("chosen", 4, 1, 1, 14, 14), found.Lengths[1]);
        Assert.Equal("tokens", found.LengthUnit);
        Assert.Equal((1, 2), (found.Repeated, found.RepeatedPrompts));
        // The prompt "a" stands in both, three times; a run of 13 words once.
        Assert.Equal(new DatasetOverlap(folder.File("test.jsonl"), 0, 3, 1), found.Overlap);
        Assert.Equal(2, found.Samples.Length);
    }

    [Fact]
    public void Messages_are_counted_by_role()
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "chat.jsonl",
            """{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}"""
        );
        var found = DatasetInspection.Of(folder.File("chat.jsonl"), null, null, null, 3, new Seed(1));
        Assert.Equal([("system", 1), ("user", 1)], found.Roles.Select(r => (r.Key, r.Value)));
        Assert.Equal(["prompt", "completion"], found.Lengths.Select(l => l.Name));
    }
}
