namespace Attune.Web;

/// <summary>How the token against forged requests travels: a field of forms, a header of scripts.</summary>
internal static class AntiforgeryFields
{
    public const string Name = "__token";
    public const string Header = "RequestVerificationToken";
    public const string Cookie = "attune_forgery";
}
