using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Text.Templates;

/// <summary>The templates there are, by name.</summary>
public static class ChatTemplates
{
    public static IChatTemplate ChatMl { get; } = new ChatMlTemplate();
    public static IChatTemplate Llama2 { get; } = new Llama2Template();
    public static IChatTemplate Llama3 { get; } = new Llama3Template();
    public static IChatTemplate Plain { get; } = new PlainTemplate();

    public static ImmutableArray<IChatTemplate> All { get; } = [ChatMl, Llama2, Llama3, Plain];

    public static string Names { get; } = string.Join(", ", All.Select(t => t.Name));

    /// <exception cref="ConfigurationException">There is none of that name; lists those there are.</exception>
    public static IChatTemplate Named(string name) =>
        All.FirstOrDefault(t => t.Name == name) ?? throw new ConfigurationException(Unknown(name));

    /// <summary>Why a conversation with calls of tools is no text.</summary>
    internal static string WithoutTools(string name) => $"the chat template ({name}) has no words for calls of tools";

    /// <summary>The sentence about a name that no template has.</summary>
    public static string Unknown(string name) =>
        $"no chat template is called '{name}'.{Suggestion.For(name, All.Select(t => t.Name))} There are {Names}.";
}
