using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Cli.Commands.Generation;

/// <summary>What was said: a system message that stays, and turns, each a user's message and its answer.</summary>
internal sealed class ChatHistory
{
    /// <summary>Null for none.</summary>
    public string? System { get; set; }

    /// <summary>Without the system message.</summary>
    public ImmutableList<Message> Turns { get; private set; } = [];

    public ImmutableArray<Message> Messages => System is null ? [.. Turns] : [new Message(Role.System, System), .. Turns];

    public void Ask(string message) => Turns = Turns.Add(new Message(Role.User, message));

    public void Answer(string text) => Turns = Turns.Add(new Message(Role.Assistant, text));

    /// <summary>Makes the turns what they were.</summary>
    public void Restore(ImmutableList<Message> turns) => Turns = turns;

    /// <summary>Forgets the first message and its answer.</summary>
    /// <returns>False where only the message that is to be answered is left.</returns>
    public bool DropOldest()
    {
        if (Turns.Count < 2)
        {
            return false;
        }

        Turns = Turns.RemoveRange(0, 2);
        return true;
    }
}
