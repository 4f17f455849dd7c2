using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>A family built like Llama: what its <c>config.json</c> has beyond Llama's, and what a missing key means there.</summary>
/// <param name="Name">In <c>model_type</c>.</param>
/// <param name="Class">What transformers' classes begin with, as in "Gemma3" of Gemma3ForCausalLM.</param>
internal abstract record LlamaFamily(string Name, string Class)
{
    /// <summary>All of them.</summary>
    internal static ImmutableArray<LlamaFamily> All { get; } =
    [
        new PlainLlama("llama", "Llama"),
        new Mistral(),
        new Ministral(),
        new Qwen("qwen2", "Qwen2"),
        new Qwen("qwen3", "Qwen3"),
        new Qwen3Moe(),
        new Mixtral(),
        new GptOss(),
        new Gemma(),
        new Gemma2(),
        new Gemma3(),
        new Granite(),
        new SmolLm3(),
        new Phi3(),
        new Olmo2(),
        new StableLm(),
    ];

    internal static LlamaFamily? Find(string name) => All.FirstOrDefault(f => f.Name == name);

    /// <summary><c>max_position_embeddings</c> where it is missing.</summary>
    internal virtual int Context => 2048;

    internal virtual string NormKey => "rms_norm_eps";

    internal virtual double NormEpsilon => 1e-6;

    /// <summary><c>tie_word_embeddings</c> where it is missing.</summary>
    internal virtual bool IsTied => false;

    /// <summary><c>rope_theta</c> where it is missing.</summary>
    internal virtual double Theta => 10_000;

    /// <summary><c>head_dim</c> where it is missing; null for the width divided by the heads.</summary>
    internal virtual int? HeadWidth => null;

    /// <summary>The keys and the values of the activation that are read as this family's.</summary>
    internal virtual (string Key, string Otherwise, string[] Supported)[] Activations => [("hidden_act", "silu", ["silu"])];

    /// <summary>Its owner cannot do without a window: where there is none, one as long as the context is written.</summary>
    internal virtual bool NeedsWindow => false;

    /// <summary>Keys that this family reads and others refuse.</summary>
    internal virtual ImmutableArray<string> Keys => [];

    /// <summary>What is the family's own, on what all have.</summary>
    internal abstract TransformerConfig Read(ConfigFields fields, TransformerConfig config);

    /// <summary>The keys of its own.</summary>
    internal virtual void Write(Utf8JsonWriter json, TransformerConfig config) { }
}

/// <summary>Llama: nothing of its own.</summary>
internal sealed record PlainLlama(string Name, string Class) : LlamaFamily(Name, Class)
{
    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) => config;
}
