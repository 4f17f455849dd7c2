using Attune.Core.Conversations;

namespace Attune.Data.Judging;

/// <summary>Prompts as a model that judges reads them.</summary>
internal static class PromptText
{
    /// <summary>A text as it stands; a conversation with its speakers, a line for each message.</summary>
    public static string Of(Prompt prompt) =>
        prompt is Prompt.Chat chat ? string.Join('\n', chat.Messages.Select(m => $"{m.Role}: {m.Content}")) : prompt.Key;
}
