using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;

namespace Attune.Models.Tests.Gguf;

/// <summary>How llama.cpp cuts texts into words under each of its names, with SmolLM2's vocabulary.</summary>
public sealed class LlamaCppWordsTests
{
    private const string Key = "tokenizer.ggml.pre";

    /// <summary>The last is that of a file without a name. GPT-2's needs a vocabulary that has every byte.</summary>
    public static TheoryData<string> Names => ["smollm", "llama-bpe", "qwen2", "tekken", "gpt-4o", "falcon", "default", ""];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_gives_the_same_ids(string name)
    {
        var peer = LlamaCpp.Require();
        var (here, there) = peer.Folder();
        try
        {
            Write(Path.Combine(here, "model.gguf"), name);
            GgufTexts.Write(GgufHeader.Read(Path.Combine(here, "model.gguf")), here);
            var own = TokenizerFiles.Load(here);
            using var server = peer.Serve(there + "/model.gguf", 64);
            var different = new List<string>();
            foreach (var text in Texts())
            {
                var answer = await server.AskAsync(
                    "tokenize",
                    new
                    {
                        content = text,
                        add_special = false,
                        parse_special = false,
                    }
                );
                if (!own.Encode(text).SequenceEqual(answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())))
                {
                    different.Add(text);
                }
            }

            Assert.True(different.Count == 0, $"{different.Count} texts, as in: {different.FirstOrDefault()}");
        }
        finally
        {
            Directory.Delete(here, recursive: true);
        }
    }

    /// <summary>A tiny model with the vocabulary of a large one, and another name for how it cuts words.</summary>
    private static void Write(string path, string name)
    {
        var source = GgufHeader.Read(SharedData.Require("models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"));
        var rows = ((string[])source.Fields["tokenizer.ggml.tokens"]).Length;
        using var model = TinyModels.Random(TinyModels.Llama with { VocabularySize = rows, Width = 32, Heads = 2, Layers = 1 });
        using var folder = new TemporaryFolder();
        GgufExport.Write(model, null, folder.File("model.gguf"), "tiny", GgufType.F32);
        using var file = new GgufFile(folder.File("model.gguf"));
        GgufWriter.Write(
            path,
            [
                .. file.Fields.Where(f => !f.Key.StartsWith("tokenizer.", StringComparison.Ordinal)),
                .. source.Fields.Where(f => f.Key.StartsWith("tokenizer.", StringComparison.Ordinal) && f.Key != Key),
                .. name.Length == 0 ? [] : new[] { KeyValuePair.Create<string, object>(Key, name) },
            ],
            [.. file.Entries.Select(e => new GgufTensor(e.Name, e.Shape, GgufType.F32, () => file.Read(e)))]
        );
    }

    private static IEnumerable<string> Texts()
    {
        string[] own =
        [
            "1234 12345 1,234.56 ١٢٣٤ ²³ 3rd x1y22z333",
            "I'm you're THEY'LL it's O'Neill don't 'tis 'S",
            "    four spaces\n\n\ttab\r\n  two \n trailing  ",
            "if (a<=b && c!=d) { return x+=1; } // ~^|$`",
            "HelloWorld camelCase SHOUTING McDonald iPhone",
            "日本語のテキスト 한국어 텍스트 中文，标点。",
            "Was? Ja! (so) [da] {dort} — “quoted” … €5",
            "नमस्ते दुनिया สวัสดี مرحبا بالعالم שלום",
            "😀👍🏽 family: 👨‍👩‍👧 flag 🇩🇪",
        ];
        return own.Concat(
            File.ReadAllText(SharedData.Require("text/tinystories/tiny_stories.txt")).Chunk(300).Take(20).Select(c => new string(c))
        );
    }
}
