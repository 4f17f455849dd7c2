using System.Buffers.Binary;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;
using Attune.Worlds.Reviews;

namespace Attune.Cli.Tests;

/// <summary>
/// A GGUF file of the shape of SmolLM2's, with random weights: Llama with grouped keys and a tied head, matrices in Q4_1, the embedding in
/// Q8_0, digits apart, ChatML.
/// </summary>
public sealed class TinyGguf : IDisposable
{
    public const string ChatTemplate =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const int Vocabulary = 320;
    private readonly TemporaryFolder _folder = new();

    public TinyGguf()
    {
        var tokenizer = BytePairTrainer.Train(
            ReviewWorld.Documents(new Seed(1), 60).Select(d => d.Text),
            Vocabulary,
            new SpecialTokens(null, "<|im_end|>", null) { Others = ["<|im_start|>"] }
        );
        var shape = TransformerConfig.Llama(Vocabulary, width: 64, layers: 2, heads: 4, keyValueHeads: 2, hiddenWidth: 96, 128) with
        {
            TiedHead = true,
            RopeTheta = 100_000,
        };
        using var model = new LanguageModel(shape, new Seed(1));
        GgufExport.Write(model, tokenizer, _folder.File("plain.gguf"), "tiny", GgufType.F32, ChatTemplate);
        using var plain = new GgufFile(_folder.File("plain.gguf"));
        GgufWriter.Write(
            File,
            [.. plain.Fields.Select(f => KeyValuePair.Create(f.Key, f.Key == "tokenizer.ggml.pre" ? "smollm" : f.Value))],
            [.. plain.Entries.Select(e => Quantised(e, plain.Read(e)))]
        );
    }

    public string File => _folder.File("tiny-instruct.Q4_1.gguf");

    public void Dispose() => _folder.Dispose();

    private static GgufTensor Quantised(GgufEntry entry, float[] values) =>
        entry.Shape.Length == 1 ? new GgufTensor(entry.Name, entry.Shape, GgufType.F32, () => values)
        : entry.Name == "token_embd.weight" ? new GgufTensor(entry.Name, entry.Shape, GgufType.Q8, () => values)
        : new GgufTensor(entry.Name, entry.Shape, GgufType.Q41, () => values) { Blocks = () => [.. values.Chunk(32).SelectMany(Block)] };

    private static byte[] Block(float[] values)
    {
        var (least, most) = (values.Min(), values.Max());
        var step = (most - least) / 15;
        var block = new byte[20];
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)step);
        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(2), (Half)least);
        for (var i = 0; i < 16; i++)
        {
            block[4 + i] = (byte)(Number(values[i]) | (Number(values[16 + i]) << 4));
        }

        return block;

        int Number(float value) => (int)Math.Clamp(MathF.Round((value - least) / step), 0, 15);
    }
}
