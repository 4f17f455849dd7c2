using System.Text.Json;
using Attune.Core.Runs;
using Attune.Models.Encoders;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Models.Tests.Encoders;

/// <summary>A real sentence encoder against passes in 64 bits, and its tokenizer against the tokenizers library.</summary>
public sealed class MiniLmTests
{
    private const double Tolerance = 1e-4;
    private const int Width = 384;

    [Fact]
    public void Golden_states_and_embeddings_are_those_of_64_bits()
    {
        using var golden = Golden();
        using var model = EncoderClassifier.LoadOrBegin(SharedData.Require("models/minilm"), ["no", "yes"], new Seed(1));
        var rows = golden.RootElement.GetProperty("texts").EnumerateArray().ToArray();
        EncoderText[] texts =
        [
            .. rows.Select(r => new EncoderText(
                Ids(r),
                r.GetProperty("token_type_ids_ones_from") is { ValueKind: JsonValueKind.Number } from ? from.GetInt32() : null
            )),
        ];
        Assert.Contains(texts, t => t.SecondFrom is not null);
        var (hidden, pooled, embeddings) = (model.Hidden(texts), model.Pooled(texts), model.Embeddings(texts));
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(texts[i].Ids.Count * Width, hidden[i].Length);
            Near(rows[i], "first_position_first8", hidden[i]);
            Near(rows[i], "last_position_first8", hidden[i][^Width..]);
            Near(rows[i], "embedding_first16", embeddings[i]);
            Near(rows[i], "pooler_output_first8", pooled[i]);
        }

        int[] compared = [.. golden.RootElement.GetProperty("cosine_of").EnumerateArray().Select(t => t.GetInt32())];
        var cosines = golden.RootElement.GetProperty("cosine").EnumerateArray().ToArray();
        for (var i = 0; i < compared.Length; i++)
        {
            var actual = compared.Select(j => embeddings[compared[i]].Zip(embeddings[j], (a, b) => a * b).Sum()).ToArray();
            Assert.All(
                cosines[i].EnumerateArray().Select(v => v.GetDouble()).Zip(actual),
                pair => Assert.Equal(pair.First, pair.Second, Tolerance)
            );
        }
    }

    [Fact]
    public void Golden_word_pieces_are_the_references()
    {
        var tokenizer = TokenizerFiles.Load(SharedData.Require("models/minilm"));
        using var golden = Golden();
        var cases = golden.RootElement.GetProperty("token_cases").EnumerateArray().ToArray();
        Assert.Equal(140, cases.Length);
        foreach (var row in cases)
        {
            var text = row.GetProperty("text").GetString()!;
            // The references take what is spelt like a special token as one.
            Assert.Equal(Ids(row)[1..^1], SpecialSpellings.Encode(tokenizer, text).Ids);
            Assert.Equal(tokenizer.Encode(text), tokenizer.EncodeWithOffsets(text).Ids);
        }
    }

    private static int[] Ids(JsonElement row) => [.. row.GetProperty("ids").EnumerateArray().Select(t => t.GetInt32())];

    private static void Near(JsonElement row, string name, float[] actual) =>
        Assert.All(
            row.GetProperty(name).EnumerateArray().Select(v => v.GetDouble()).Zip(actual),
            pair => Assert.Equal(pair.First, pair.Second, Tolerance)
        );

    private static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("golden/minilm/encoder.json")));
}
