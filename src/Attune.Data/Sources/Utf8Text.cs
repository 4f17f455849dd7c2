using System.Text.Unicode;

namespace Attune.Data.Sources;

/// <summary>Whether a file is UTF-8, as every kind of text file has to be once it is unpacked.</summary>
internal static class Utf8Text
{
    /// <summary>Reports the line of the first bytes that are not.</summary>
    /// <param name="found">What the bytes are not.</param>
    public static bool Check(byte[] content, RowOrigin origin, RowProblems problems, string found = "not UTF-8")
    {
        if (Utf8.IsValid(content))
        {
            return true;
        }

        var line = 1 + content.AsSpan(0, FirstInvalid(content)).Count((byte)'\n');
        problems.Add(origin, line, null, $"found bytes that are {found}; expected the file to be saved as UTF-8.");
        return false;
    }

    private static int FirstInvalid(byte[] content)
    {
        var valid = 0;
        while (
            valid < content.Length
            && System.Text.Rune.DecodeFromUtf8(content.AsSpan(valid), out _, out var width) == System.Buffers.OperationStatus.Done
        )
        {
            valid += width;
        }

        return valid;
    }
}
