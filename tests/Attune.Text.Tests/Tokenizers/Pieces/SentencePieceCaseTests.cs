using System.Text.Json;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers.Pieces;

/// <summary>
/// Ten small models, trained on this project's documentation with sentencepiece 0.1.97 in all four kinds and with its flags, and its ids
/// for 240 texts; with the variable ATTUNE_SENTENCEPIECE_PEER also those of a folder with <c>texts.json</c> and folders of
/// <c>tokenizer.model</c> and <c>ids.json</c>.
/// </summary>
public sealed class SentencePieceCaseTests
{
    private static readonly string Models = Checkout.File("tests", "Attune.Text.Tests", "Tokenizers", "Pieces", "Models");

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Models, "*.model").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_text_has_the_ids_that_sentencepiece_gives(string name)
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(Models, "cases.json")));
        var texts = cases.RootElement.GetProperty("texts").Deserialize<string[]>()!;
        var ids = cases.RootElement.GetProperty("ids").GetProperty(name).Deserialize<int[][]>()!;
        var tokenizer = Load(Path.Combine(Models, name + ".model"));
        Assert.Equal(240, texts.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.True(ids[i].SequenceEqual(tokenizer.Encode(texts[i])), $"{JsonSerializer.Serialize(texts[i])} differs");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Offsets_belong_to_the_ids_and_lie_in_the_text(string name)
    {
        var tokenizer = Load(Path.Combine(Models, name + ".model"));
        foreach (var text in new[] { "the \uFB01ne  e\u0301 \U0001F600 th", " a", "x\n", "" })
        {
            var (encoded, points) = (tokenizer.EncodeWithOffsets(text), text.EnumerateRunes().Count());
            Assert.Equal(tokenizer.Encode(text), encoded.Ids);
            Assert.Equal(encoded.Ids.Length, encoded.Offsets.Length);
            Assert.All(encoded.Offsets, o => Assert.True(o.Start >= 0 && o.Start <= o.End && o.End <= points));
        }
    }

    [Fact]
    public void Many_texts_agree_with_sentencepieces_word_where_it_was_recorded()
    {
        var folder = Environment.GetEnvironmentVariable("ATTUNE_SENTENCEPIECE_PEER");
        Assert.SkipWhen(folder is null, "needs ATTUNE_SENTENCEPIECE_PEER, a folder with the ids that sentencepiece gives");
        var texts = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Path.Combine(folder!, "texts.json")))!;
        var wrong = new List<string>();
        foreach (var model in Directory.GetDirectories(folder!).Order(StringComparer.Ordinal))
        {
            var ids = JsonSerializer.Deserialize<int[][]>(File.ReadAllText(Path.Combine(model, "ids.json")))!;
            var tokenizer = Load(Path.Combine(model, "tokenizer.model"));
            var differing = Enumerable.Range(0, texts.Length).Where(i => !ids[i].SequenceEqual(tokenizer.Encode(texts[i]))).ToList();
            TestContext.Current.SendDiagnosticMessage(
                $"{Path.GetFileName(model)}: {texts.Length - differing.Count:N0} of {texts.Length:N0} texts agree"
            );
            wrong.AddRange(differing.Take(3).Select(i => $"{model} {JsonSerializer.Serialize(texts[i])}"));
        }

        Assert.Empty(wrong);
    }

    private static SentencePieceTokenizer Load(string path) => new(File.ReadAllBytes(path), path, [], roles: null);
}
