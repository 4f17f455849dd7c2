using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>llama.cpp's names for how a byte-level tokenizer cuts texts into words (<c>tokenizer.ggml.pre</c>).</summary>
/// <param name="Name">llama.cpp's.</param>
/// <param name="Expression">Cuts words; empty for GPT-2's, which ByteLevel has itself.</param>
/// <param name="DigitsApart">Every numeric character (Unicode's categories N) is a piece of its own first.</param>
public sealed record GgufWords(string Name, string Expression, bool DigitsApart = false)
{
    private static readonly GgufWords[] All =
    [
        new("gpt-2", ""),
        new("smollm", "", DigitsApart: true),
        new(
            "llama-bpe",
            @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
        new("qwen2", @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
    ];

    /// <summary>The names that are known here.</summary>
    public static IEnumerable<string> Names => All.Select(w => w.Name);

    /// <summary>
    /// Llama 3's words that are tokens are taken whole, without merging, and its texts begin with the begin token unless the file says
    /// otherwise.
    /// </summary>
    public bool IsLlama3 => Name == "llama-bpe";

    /// <summary>By llama.cpp's name; null where it is not known here.</summary>
    public static GgufWords? Named(string name) => All.FirstOrDefault(w => w.Name == name);

    /// <summary>The cutting of a tokenizer.json; null where llama.cpp has no name for it here.</summary>
    public static GgufWords? Of(PipelineVocabulary vocabulary) =>
        All.FirstOrDefault(w => w.Expression == vocabulary.Words && w.DigitsApart == vocabulary.DigitsApart);
}
