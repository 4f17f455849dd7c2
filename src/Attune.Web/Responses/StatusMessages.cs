namespace Attune.Web.Responses;

/// <summary>Messages that an address can name in <c>done</c>. Text from an address is never shown.</summary>
internal static class StatusMessages
{
    private static readonly Dictionary<string, string> Sentences = new(StringComparer.Ordinal)
    {
        ["saved"] = "Saved.",
        ["skipped"] = "Skipped. Here is the next one.",
        ["flagged"] = "Flagged. Thank you. Here is the next one.",
        ["undone"] = "Undone. Change your answer, then submit again.",
        ["nothing"] = "There is nothing to undo.",
        ["signed-out"] = "Signed out.",
        ["password"] = "Your password was changed.",
        ["snapshot"] = "The snapshot was created.",
        ["revoked"] = "The key was revoked.",
        ["invitation-revoked"] = "The invitation was revoked: its link lets nobody in.",
        ["alike"] = "Created. Some prompts were left out because the model gave only one answer to them.",
        ["left-out"] = "Created. Some rows of the file were left out; add it again under Items to see which and why. No item is doubled.",
        ["joined"] = "Welcome. The projects you were invited to are listed here.",
        ["already"] =
            "You had already submitted that task, in another tab or on another device. The first answer stands; the second was not stored. "
            + "To use the second one, undo the first: what you wrote is still here.",
        ["surplus"] = "Saved. The task had already been given to someone else, so your answer counts as an extra one.",
    };

    public static string? Find(string name) => Sentences.GetValueOrDefault(name);
}
