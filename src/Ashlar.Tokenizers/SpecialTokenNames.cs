namespace Ashlar.Tokenizers;

/// <summary>The role of a special token by the name it usually has, for trainers and for files that say nothing of roles.</summary>
internal static class SpecialTokenNames
{
    private static readonly string[] Begin = ["<s>", "<bos>", "<|begin_of_text|>", "<|startoftext|>"];
    private static readonly string[] End = ["<|endoftext|>", "</s>", "<eos>", "<|end_of_text|>"];
    private static readonly string[] Padding = ["<pad>", "[PAD]", "<|pad|>", "<|padding|>"];
    private static readonly string[] Unknown = ["<unk>", "[UNK]", "<|unknown|>", "<|unk|>"];
    private static readonly string[] Mask = ["<mask>", "[MASK]", "<|mask|>"];

    /// <summary>The roles among the tokens.</summary>
    /// <param name="find">The id of a token, or null.</param>
    public static SpecialTokens Roles(Func<string, int?> find)
    {
        return new SpecialTokens(First(Begin), First(End), First(Padding), First(Unknown))
        {
            Mask = First(Mask),
            Classification = find("[CLS]") ?? find("<cls>"),
            Separator = find("[SEP]") ?? find("<sep>"),
        };

        int? First(string[] names) => names.Select(find).FirstOrDefault(id => id is not null);
    }

    /// <summary>The roles among added tokens.</summary>
    public static SpecialTokens Roles(IReadOnlyList<AddedToken> added) =>
        Roles(name => added.FirstOrDefault(token => token.Special && token.Content == name)?.Id);
}
